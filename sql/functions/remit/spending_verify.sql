create or replace function remit.spending_verify(ledger_id bigint)
    returns setof remit_ops_v1.violation
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    -- One lookup for each row, however many there are.
    set enable_seqscan = off
    set enable_bitmapscan = off
    set jit = off
as $$
-- Holds what a ledger's daily limits have counted against its journal. A row per violation.
--
-- It asks no clock. A row of spending counts what left from its first version to that of the next
-- row, and the first one what left since the wallet counts: so no row can be missing. Its hour is
-- that of the moments of these entries. Where the row says that the clock was behind, it may be
-- earlier; and the first row, to which older ones may have been added, has the hour of its last
-- entry alone.
--
-- A limit begins to count with 25 hours in which something left, or with all that ever left: a
-- wallet with fewer rows has nothing that left before.
--
-- Raises: nothing. Locks: nothing.
declare
    amount_max constant bigint := 9007199254740991;
    version_max constant bigint := 9223372036854775807;
    hours_counted constant integer := 25;
    wallet remit.wallets;
begin
    for wallet in
        select w.* from remit.wallets w
         where w.ledger_id = spending_verify.ledger_id and w.daily_max is not null
    loop
        return query
        with counted as materialized (
            select s.hour, s.amount, s.was_behind, s.place, j.amount as expected, j.hour_first, j.hour_last
              from (select c.*, row_number() over history as place, lead(c.version_first) over history as version_next
                      from remit.spending c
                     where c.ledger_id = wallet.ledger_id and c.wallet_id = wallet.id
                    window history as (order by c.hour)) s
             cross join lateral (
                   select least(coalesce(sum(t.amount), 0), amount_max) as amount,
                          remit.hour_number(min(t.created_at)) as hour_first,
                          remit.hour_number(max(t.created_at)) as hour_last
                     from remit.transfers t
                    where t.ledger_id = wallet.ledger_id and t.source_id = wallet.id
                      -- What left, and was no reversal.
                      and t.target_version is not null and (t.terms).kind is distinct from 'reversal'
                      and t.source_version >= case s.place when 1 then wallet.counted_from else s.version_first end
                      and t.source_version < coalesce(s.version_next, version_max)) j
        )
        select wallet.ledger_id, 'spending_is_what_left', 'wallet ' || wallet.id,
               jsonb_build_object('hour', c.hour, 'amount', c.amount, 'expected', c.expected)
          from counted c
         where c.amount <> c.expected
        union all
        select wallet.ledger_id, 'spending_has_the_hour_of_what_left', 'wallet ' || wallet.id,
               jsonb_build_object('hour', c.hour, 'expected_first', c.hour_first, 'expected_last', c.hour_last)
          from counted c
         where (case when c.was_behind
                     then c.hour <= case c.place when 1 then c.hour_last else c.hour_first end
                     else c.hour = c.hour_last and (c.place = 1 or c.hour = c.hour_first) end) is not true
        union all
        select wallet.ledger_id, 'limited_wallet_counts_what_leaves', 'wallet ' || wallet.id,
               jsonb_build_object('daily_max', wallet.daily_max, 'counted_from', wallet.counted_from, 'hours', h.hours)
          from (select count(*) as hours from counted) h
         where wallet.counted_from is null
            or (h.hours < hours_counted and exists (
                    select from remit.transfers t
                     where t.ledger_id = wallet.ledger_id and t.source_id = wallet.id
                       and t.target_version is not null and (t.terms).kind is distinct from 'reversal'
                       and t.source_version < case h.hours when 0 then version_max else wallet.counted_from end));
    end loop;
end;
$$;

comment on function remit.spending_verify(bigint) is
    'Holds what a ledger''s daily limits have counted against its journal. A row per violation.';
