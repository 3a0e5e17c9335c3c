create or replace function remit.spending_record(
    ledger_id bigint, clock timestamptz, drafts remit.transfer_draft[], locked remit.locked_wallet[])
    returns void
    language plpgsql
    volatile
as $$
-- Counts what transfers_post took from wallets with a daily limit. A reversal gives back, and does
-- not count.
--
-- drafts are what came of the requests, locked the wallets that they name.
--
-- A clock may be wrong for a while. An amount is counted in the hour of the call's moment, which is
-- the clock's as a rule. Another wallet may have moved the moment ahead of the clock: then it is
-- counted in the hour of the clock, and the row says so. The wallet's latest hour is taken if that
-- is later: when a clock that was set back is put right, the amount still counts.
--
-- Nothing that was counted is forgotten: what is older than the latest hours is added to the oldest
-- of them. So a wallet has a bounded number of rows. Whatever a clock does, an amount counts for as
-- long as it should or longer. A sum ends at the largest limit that there is.
--
-- Raises: nothing. Locks: the rows of the wallets, which the caller has locked.
declare
    hours_kept constant integer := 100; -- 25 of them count.
    amount_max constant bigint := 9007199254740991;
begin
    insert into remit.spending as s (ledger_id, wallet_id, hour, amount, version_first, was_behind)
    select spending_record.ledger_id, c.source_id, c.hour, c.amount, c.version_first, c.hour < c.hour_of_moment
      from (select d.source_id, remit.hour_number(max(d.created_at)) as hour_of_moment,
                   greatest(remit.hour_number(least(clock, max(d.created_at))), (
                       select max(k.hour) from remit.spending k
                        where k.ledger_id = spending_record.ledger_id and k.wallet_id = d.source_id)) as hour,
                   least(sum(d.moved), amount_max)::remit.exact_limit as amount, min(d.source_version) as version_first
              from unnest(drafts) d
             where d.outcome = 'posted' and not d.replayed and locked[d.source].daily_max is not null
               and d.moved > 0 and (d.terms).kind is distinct from 'reversal'
             group by d.source_id) c
    on conflict on constraint spending_pkey do update
       set amount = least(s.amount + excluded.amount, amount_max), was_behind = s.was_behind or excluded.was_behind;

    with kept as (
        select w.id, oldest.hour
          from unnest(locked) w
               cross join lateral (
                   select k.hour from remit.spending k
                    where k.ledger_id = spending_record.ledger_id and k.wallet_id = w.id
                    order by k.hour desc
                   offset hours_kept - 1 limit 1) oldest
         where w.daily_max is not null
    ), older as (
        delete from remit.spending s
         using kept k
         where s.ledger_id = spending_record.ledger_id and s.wallet_id = k.id and s.hour < k.hour
        returning s.wallet_id, s.amount, s.version_first
    )
    update remit.spending s
       set amount = least(s.amount + o.amount, amount_max), version_first = o.version_first
      from kept k
      join (select d.wallet_id, sum(d.amount) as amount, min(d.version_first) as version_first
              from older d group by d.wallet_id) o on o.wallet_id = k.id
     where s.ledger_id = spending_record.ledger_id and s.wallet_id = k.id and s.hour = k.hour;
end;
$$;

comment on function remit.spending_record(bigint, timestamptz, remit.transfer_draft[], remit.locked_wallet[]) is
    'Counts what transfers_post took from wallets with a daily limit.';
