create or replace function remit.spending_record(
    ledger_id bigint, moment timestamptz, requests remit_v1.transfer_request[],
    outcomes remit_v1.transfer_outcome[], replays boolean[], wallet_ids uuid[], daily_maxes bigint[])
    returns void
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Counts what transfers_post took from wallets with a daily limit, and forgets what counts no more.
--
-- requests, outcomes and replays have an element for each request; wallet_ids and daily_maxes one for each wallet,
-- in order of id.
--
-- Raises: nothing. Locks: the rows of the wallets, which the caller has locked.
begin
    insert into remit.spending as s (ledger_id, wallet_id, hour, amount)
    select spending_record.ledger_id, r.source_id, remit.hour_number(moment), sum(r.amount)
      from unnest(requests, outcomes, replays)
           as r (id, source_id, target_id, amount, currency, reference, metadata, request_id, outcome, replayed)
     where r.outcome = 'posted' and not r.replayed
       and daily_maxes[width_bucket(r.source_id, wallet_ids)] is not null
     group by r.source_id
    on conflict on constraint spending_pkey do update set amount = s.amount + excluded.amount;

    delete from remit.spending s
     where s.ledger_id = spending_record.ledger_id
       and s.wallet_id = any (wallet_ids)
       and s.hour < remit.hour_number(moment) - 24;
end;
$$;

comment on function remit.spending_record(
    bigint, timestamptz, remit_v1.transfer_request[], remit_v1.transfer_outcome[], boolean[], uuid[], bigint[]) is
    'Counts what transfers_post took from wallets with a daily limit.';
