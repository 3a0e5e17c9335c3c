create or replace function remit_v1.wallet_get(ledger_id bigint, wallet_id uuid, key_sha256 bytea default null)
    returns remit_v1.wallet_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- One wallet, if the caller sees it (caller_sees).
--
-- Raises: WL002, WL016. Locks: nothing.
declare
    result remit_v1.wallet_result;
begin
    select w.* into strict result
      from remit_v1.wallets_get(wallet_get.ledger_id, array[wallet_get.wallet_id], array[wallet_get.key_sha256]) w;
    if result.id is null then
        raise exception using
            errcode = 'WL002', message = 'wallet not found', column = 'wallet_id',
            detail  = jsonb_build_object('wallet_id', wallet_get.wallet_id)::text;
    end if;
    return result;
end;
$$;

comment on function remit_v1.wallet_get(bigint, uuid, bytea) is 'One wallet.';

grant execute on function remit_v1.wallet_get(bigint, uuid, bytea) to remit_server, remit_operator;
