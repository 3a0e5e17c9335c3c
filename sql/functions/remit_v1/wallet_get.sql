create or replace function remit_v1.wallet_get(ledger_id bigint, wallet_id uuid)
    returns remit_v1.wallet_result
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- One wallet.
--
-- Raises: WL002. Locks: nothing.
declare
    result remit_v1.wallet_result;
begin
    select w.* into result
      from remit_v1.wallets_get(wallet_get.ledger_id, array[wallet_get.wallet_id]) w;
    if not found then
        raise exception using
            errcode = 'WL002', message = 'wallet not found', column = 'wallet_id',
            detail  = jsonb_build_object('wallet_id', wallet_get.wallet_id)::text;
    end if;
    return result;
end;
$$;

comment on function remit_v1.wallet_get(bigint, uuid) is 'One wallet.';

grant execute on function remit_v1.wallet_get(bigint, uuid) to remit_server, remit_operator;
