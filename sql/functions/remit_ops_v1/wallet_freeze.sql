create or replace function remit_ops_v1.wallet_freeze(
    ledger_id bigint, wallet_id uuid, reason text default null, key_sha256 bytea default null)
    returns remit_v1.wallet_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Freezes a wallet: transfers from and to it are rejected until it is unfrozen. Doing it twice
-- changes nothing.
--
-- Raises: WL001, WL002, WL016, WL017; 55P03 when the wallet stayed locked for lock_timeout.
-- Locks: the wallet, for no key update.
begin
    return remit.wallet_status_set(wallet_freeze.ledger_id, wallet_freeze.wallet_id, 'frozen', wallet_freeze.reason, wallet_freeze.key_sha256);
end;
$$;

comment on function remit_ops_v1.wallet_freeze(bigint, uuid, text, bytea) is
    'Freezes a wallet.';

grant execute on function remit_ops_v1.wallet_freeze(bigint, uuid, text, bytea) to remit_server, remit_operator;
