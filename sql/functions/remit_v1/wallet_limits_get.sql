create or replace function remit_v1.wallet_limits_get(ledger_id bigint, wallet_id uuid, key_sha256 bytea default null)
    returns remit_v1.wallet_limits
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- A wallet's limits, and what counts against the daily one now. Minor units.
--
-- Raises: WL002, WL016. Locks: nothing.
declare
    result remit_v1.wallet_limits;
begin
    perform remit_v1.wallet_get(wallet_limits_get.ledger_id, wallet_limits_get.wallet_id, wallet_limits_get.key_sha256);
    select w.transfer_max::bigint, w.daily_max::bigint,
           case when w.daily_max is not null then remit.wallet_spent(w.ledger_id, w.id, clock_timestamp()) end
      into strict result
      from remit.wallets w
     where w.ledger_id = wallet_limits_get.ledger_id and w.id = wallet_limits_get.wallet_id;
    return result;
end;
$$;

comment on function remit_v1.wallet_limits_get(bigint, uuid, bytea) is
    'A wallet''s limits, and what counts against the daily one now.';

grant execute on function remit_v1.wallet_limits_get(bigint, uuid, bytea) to remit_server, remit_operator;
