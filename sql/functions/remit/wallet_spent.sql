create or replace function remit.wallet_spent(ledger_id bigint, wallet_id uuid, clock timestamptz)
    returns bigint
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- What counts against a wallet's daily limit, in minor units: what left in the hour of the clock,
-- in the 24 hours before it, and in any hour to come.
--
-- So an amount counts for 24 to 25 hours, and no 24 hours ever see more than the limit. What left
-- while the clock was ahead counts until the clock is there again: a clock that is set back loses
-- no limit.
--
-- Raises: nothing. Locks: nothing.
    select coalesce(sum(s.amount), 0)::bigint
      from remit.spending s
     where s.ledger_id = wallet_spent.ledger_id
       and s.wallet_id = wallet_spent.wallet_id
       and s.hour >= remit.hour_number(wallet_spent.clock) - 24;
$$;

comment on function remit.wallet_spent(bigint, uuid, timestamptz) is
    'What left a wallet with a daily limit in the last 24 to 25 hours.';
