create or replace function remit_ops_v1.wallet_freeze(ledger_id bigint, wallet_id uuid)
    returns remit_v1.wallet_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Refuses transfers from and to a wallet until it is unfrozen. Doing it twice changes nothing.
--
-- Raises: WL002; 55P03 when the wallet stayed locked for lock_timeout. Locks: the wallet, for no key update.
begin
    return remit.wallet_status_set(wallet_freeze.ledger_id, wallet_freeze.wallet_id, 'frozen');
end;
$$;

comment on function remit_ops_v1.wallet_freeze(bigint, uuid) is
    'Refuses transfers from and to a wallet until it is unfrozen.';

grant execute on function remit_ops_v1.wallet_freeze(bigint, uuid) to remit_operator;
