create or replace function remit.spending_record(
    ledger_id bigint, clock timestamptz, drafts remit.transfer_draft[], locked remit.locked_wallet[])
    returns void
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Counts what transfers_post took from wallets with a daily limit, and forgets what counts no more.
--
-- drafts are what came of the requests, locked the wallets that they name.
--
-- A clock may be wrong for a while. An amount is counted in the hour of the clock, or in the
-- wallet's latest one if that is later: when a clock that was set back is put right, it still
-- counts. It is not the hour of the call's moment, which another wallet may have moved. An hour is
-- forgotten by the number of hours after it, not by its age: a clock that ran ahead and is put
-- right finds the hours from before.
--
-- Raises: nothing. Locks: the rows of the wallets, which the caller has locked.
declare
    hours_kept constant integer := 100; -- 25 of them count.
begin
    insert into remit.spending as s (ledger_id, wallet_id, hour, amount)
    select spending_record.ledger_id, d.source_id,
           greatest(remit.hour_number(clock), (
               select max(k.hour) from remit.spending k
                where k.ledger_id = spending_record.ledger_id and k.wallet_id = d.source_id)),
           sum(d.amount)
      from unnest(drafts) d
     where d.outcome = 'posted' and not d.replayed and locked[d.source].daily_max is not null
     group by d.source_id
    on conflict on constraint spending_pkey do update set amount = s.amount + excluded.amount;

    delete from remit.spending s
     using unnest(locked) w
           cross join lateral (
               select k.hour from remit.spending k
                where k.ledger_id = spending_record.ledger_id and k.wallet_id = w.id
                order by k.hour desc
               offset hours_kept limit 1) forgotten
     where w.daily_max is not null
       and s.ledger_id = spending_record.ledger_id and s.wallet_id = w.id and s.hour <= forgotten.hour;
end;
$$;

comment on function remit.spending_record(bigint, timestamptz, remit.transfer_draft[], remit.locked_wallet[]) is
    'Counts what transfers_post took from wallets with a daily limit.';
