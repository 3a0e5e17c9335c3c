create or replace function remit_ops_v1.verify(ledger_id bigint default null)
    returns setof remit_ops_v1.violation
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Checks the books of one ledger, or of each in turn. A row per violation: none means that the
-- books are right.
--
-- Runs while transfers go on: all of it is one snapshot. Rows of a ledger that does not exist are
-- seen as well.
--
-- Raises: WL009. Locks: nothing.
declare
    book record;
begin
    for book in
        select b.ledger_id as id
          from (select l.ledger_id from remit.ledgers l
                union select w.ledger_id from remit.wallets w
                union select t.ledger_id from remit.transfers t
                union select o.ledger_id from remit.outbox o
                union select c.ledger_id from remit.chain_blocks c) b
         where verify.ledger_id is null or b.ledger_id = verify.ledger_id
         order by b.ledger_id
    loop
        return query
        with entries as materialized (
            select e.wallet_id, e.transfer_id, e.version, e.balance, e.currency, e.created_at,
                   lag(e.created_at) over history as created_before,
                   row_number() over history as place,
                   sum(e.amount) over history as balance_by_sum
              from remit.entries e
             where e.ledger_id = book.id
            window history as (partition by e.wallet_id order by e.version, e.transfer_id)
        ),
        last_entries as (
            select distinct on (e.wallet_id) e.wallet_id, e.place as entry_count, e.balance, e.balance_by_sum
              from entries e
             order by e.wallet_id, e.place desc
        ),
        wallets as (
            select w.* from remit.wallets w where w.ledger_id = book.id
        )
        select book.id, 'ledger_exists', 'ledger ' || book.id, '{}'::jsonb
         where not exists (select from remit.ledgers l where l.ledger_id = book.id)
        union all
        select book.id, 'balances_sum_to_zero', w.currency,
               jsonb_build_object('sum', sum(w.balance))
          from wallets w
         group by w.currency
        having sum(w.balance) <> 0
        union all
        select book.id, 'versions_are_dense', 'wallet ' || e.wallet_id,
               jsonb_build_object('transfer_id', e.transfer_id, 'version', e.version, 'expected', e.place)
          from entries e
         where e.version <> e.place
        union all
        select book.id, 'entry_balance_is_sum_of_entries', 'wallet ' || e.wallet_id,
               jsonb_build_object('transfer_id', e.transfer_id, 'version', e.version,
                                  'balance', e.balance, 'expected', e.balance_by_sum)
          from entries e
         where e.balance <> e.balance_by_sum
        union all
        select book.id, 'entries_never_go_back_in_time', 'wallet ' || e.wallet_id,
               jsonb_build_object('transfer_id', e.transfer_id, 'version', e.version,
                                  'created_at', e.created_at, 'before', e.created_before)
          from entries e
         where e.created_at < e.created_before
        union all
        select book.id, 'wallet_matches_its_last_entry', 'wallet ' || w.id,
               jsonb_build_object('balance', w.balance, 'version', w.version,
                                  'expected_balance', coalesce(l.balance_by_sum, 0),
                                  'expected_version', coalesce(l.entry_count, 0))
          from wallets w
          left join last_entries l on l.wallet_id = w.id
         where w.version <> coalesce(l.entry_count, 0)
            or w.balance <> coalesce(l.balance_by_sum, 0)
        union all
        select book.id, 'balance_not_below_floor', 'wallet ' || e.wallet_id,
               jsonb_build_object('transfer_id', e.transfer_id, 'version', e.version,
                                  'balance', e.balance, 'floor', w.floor)
          from entries e
          join wallets w on w.id = e.wallet_id
         where e.balance < w.floor
        union all
        select book.id, 'entry_belongs_to_a_wallet_of_its_currency', 'wallet ' || e.wallet_id,
               jsonb_build_object('transfer_id', e.transfer_id, 'currency', e.currency, 'wallet_currency', w.currency)
          from entries e
          left join wallets w on w.id = e.wallet_id
         where w.currency is distinct from e.currency
        union all
        select book.id, 'event_tells_of_one_journal_row', 'transfer ' || o.subject_id,
               jsonb_build_object('type', o.type, 'events', count(*), 'journal_rows', count(distinct t.id))
          from remit.outbox o
          left join remit.transfers t
            on t.ledger_id = o.ledger_id and t.id = o.subject_id
           and o.type = case t.outcome when 'posted' then 'transfer.posted' else 'transfer.rejected' end
         where o.ledger_id = book.id and o.data is null
         group by o.subject_id, o.type
        having count(*) <> 1 or count(distinct t.id) <> 1
        union all
        select s.* from remit.spending_verify(book.id) s
        union all
        select c.* from remit.chain_verify(book.id) c;
    end loop;
    if not found and verify.ledger_id is not null then
        raise exception using errcode = 'WL009', message = 'ledger not found', column = 'ledger_id';
    end if;
end;
$$;

comment on function remit_ops_v1.verify(bigint) is
    'Checks the books of one ledger, or of each in turn. A row per violation.';

grant execute on function remit_ops_v1.verify(bigint) to remit_operator, remit_auditor;
