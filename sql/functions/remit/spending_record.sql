create or replace function remit.spending_record(
    ledger_id bigint, moment timestamptz, drafts remit.transfer_draft[], locked remit.locked_wallet[])
    returns void
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Counts what transfers_post took from wallets with a daily limit, and forgets what counts no more.
--
-- drafts are what came of the requests, locked the wallets that they name.
--
-- Raises: nothing. Locks: the rows of the wallets, which the caller has locked.
begin
    insert into remit.spending as s (ledger_id, wallet_id, hour, amount)
    select spending_record.ledger_id, d.source_id, remit.hour_number(moment), sum(d.amount)
      from unnest(drafts) d
     where d.outcome = 'posted' and not d.replayed and locked[d.source].daily_max is not null
     group by d.source_id
    on conflict on constraint spending_pkey do update set amount = s.amount + excluded.amount;

    delete from remit.spending s
     where s.ledger_id = spending_record.ledger_id
       and s.wallet_id = any (array(select l.id from unnest(locked) l))
       and s.hour < remit.hour_number(moment) - 24;
end;
$$;

comment on function remit.spending_record(bigint, timestamptz, remit.transfer_draft[], remit.locked_wallet[]) is
    'Counts what transfers_post took from wallets with a daily limit.';
