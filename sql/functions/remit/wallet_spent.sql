create or replace function remit.wallet_spent(ledger_id bigint, wallet_id uuid, moment timestamptz)
    returns bigint
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- What left a wallet with a daily limit, in minor units: in the hour of the moment and the 24 hours before it.
--
-- So an amount counts for 24 to 25 hours, and no 24 hours ever see more than the limit.
--
-- Raises: nothing. Locks: nothing.
    select coalesce(sum(s.amount), 0)::bigint
      from remit.spending s
     where s.ledger_id = wallet_spent.ledger_id
       and s.wallet_id = wallet_spent.wallet_id
       and s.hour >= remit.hour_number(wallet_spent.moment) - 24;
$$;

comment on function remit.wallet_spent(bigint, uuid, timestamptz) is
    'What left a wallet with a daily limit in the last 24 to 25 hours.';
