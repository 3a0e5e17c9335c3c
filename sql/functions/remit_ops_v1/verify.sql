create or replace function remit_ops_v1.verify(ledger_id bigint default null)
    returns setof remit_ops_v1.violation
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
    -- The ledgers are found by lookups: they are few, the rows may be many.
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_sort = off
    set jit = off
as $$
-- Checks the books of one ledger, or of each in turn. A row per violation: none means that the
-- books are right.
--
-- Runs while transfers go on: all of it is one snapshot. Rows of a ledger that does not exist are
-- seen as well. However large a ledger is, it takes some megabytes of memory and no temporary file.
--
-- Raises: WL009. Locks: nothing.
declare
    book_id bigint := coalesce(verify.ledger_id - 1, -9223372036854775808); -- The one before.
    is_there boolean := false;
begin
    loop
        select min(b.ledger_id) into book_id
          from ((select l.ledger_id from remit.ledgers l where l.ledger_id > book_id order by l.ledger_id limit 1)
                union all
                (select w.ledger_id from remit.wallets w where w.ledger_id > book_id order by w.ledger_id limit 1)
                union all
                (select t.ledger_id from remit.transfers t where t.ledger_id > book_id order by t.ledger_id limit 1)
                union all
                (select o.ledger_id from remit.outbox o where o.ledger_id > book_id order by o.ledger_id limit 1)
                union all
                (select h.ledger_id from remit.holds h where h.ledger_id > book_id order by h.ledger_id limit 1)
                union all
                (select v.ledger_id from remit.reversed_transfers v where v.ledger_id > book_id order by v.ledger_id limit 1)
                union all
                (select a.ledger_id from remit.audit a where a.ledger_id > book_id order by a.ledger_id limit 1)
                union all
                (select p.ledger_id from remit.cursors p where p.ledger_id > book_id order by p.ledger_id limit 1)
                union all
                (select c.ledger_id from remit.log_blocks c where c.ledger_id > book_id order by c.ledger_id limit 1)) b;
        exit when book_id is null or book_id > verify.ledger_id;
        is_there := true;
        perform remit.progress_tell(book_id, 'begun');

        return query
        select book_id, 'ledger_exists', 'ledger ' || book_id, '{}'::jsonb
         where not exists (select from remit.ledgers l where l.ledger_id = book_id)
        union all
        select g.* from remit.guards_verify(book_id) g
        union all
        select book_id, 'wallet_has_its_user', 'wallet ' || w.id, jsonb_build_object('user_id', w.user_id)
          from remit.wallets w
         where w.ledger_id = book_id and w.user_id is not null
           and (select true from remit.users u where u.ledger_id = book_id and u.id = w.user_id) is null
        union all
        select book_id, 'balances_sum_to_zero', w.currency, jsonb_build_object('sum', sum(w.balance))
          from remit.wallets w
         where w.ledger_id = book_id
         group by w.currency
        having sum(w.balance) <> 0
        union all
        select e.* from remit.entries_verify(book_id) e
        union all
        select h.* from remit.holds_verify(book_id) h
        union all
        select s.* from remit.spending_verify(book_id) s
        union all
        select c.* from remit.log_verify(book_id) c
        union all
        select d.* from remit.states_verify(book_id) d;
    end loop;
    if not is_there and verify.ledger_id is not null then
        raise exception using errcode = 'WL009', message = 'ledger not found', column = 'ledger_id';
    end if;
end;
$$;

comment on function remit_ops_v1.verify(bigint) is
    'Checks the books of one ledger, or of each in turn. A row per violation.';

grant execute on function remit_ops_v1.verify(bigint) to remit_operator, remit_auditor;
