create or replace function remit.spending_verify(ledger_id bigint)
    returns setof remit_ops_v1.violation
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    -- One lookup for each row, however many there are.
    set enable_seqscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
as $$
-- Holds what a ledger's daily limits have counted against its journal. A row per violation.
--
-- It asks no clock: a row says which versions of its wallet it counts.
--
-- Raises: nothing. Locks: nothing.
declare
    amount_max constant bigint := 9007199254740991;
begin
    return query
    select spending_verify.ledger_id, 'spending_is_what_left', 'wallet ' || c.wallet_id,
           jsonb_build_object('hour', c.hour, 'amount', c.amount, 'expected', j.amount)
      from (select s.wallet_id, s.hour, s.amount, s.version_first,
                   lead(s.version_first) over (partition by s.wallet_id order by s.hour) as version_next
              from remit.spending s
              join remit.wallets w on w.ledger_id = s.ledger_id and w.id = s.wallet_id
             where s.ledger_id = spending_verify.ledger_id and w.daily_max is not null) c
     cross join lateral (
               select least(coalesce(sum(t.amount), 0), amount_max) as amount
                 from remit.transfers t
                where t.ledger_id = spending_verify.ledger_id and t.source_id = c.wallet_id
                  and t.source_version >= c.version_first
                  and (c.version_next is null or t.source_version < c.version_next)) j
     where c.amount <> j.amount
    union all
    select spending_verify.ledger_id, 'limited_wallet_counts_what_leaves', 'wallet ' || w.id,
           jsonb_build_object('daily_max', w.daily_max)
      from remit.wallets w
     where w.ledger_id = spending_verify.ledger_id and w.daily_max is not null
       and not exists (
               select from remit.spending s
                where s.ledger_id = spending_verify.ledger_id and s.wallet_id = w.id);
end;
$$;

comment on function remit.spending_verify(bigint) is
    'Holds what a ledger''s daily limits have counted against its journal. A row per violation.';
