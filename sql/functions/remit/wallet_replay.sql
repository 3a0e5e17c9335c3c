create or replace function remit.wallet_replay(ledger_id bigint, wallet_id uuid, request remit_v1.wallet_request)
    returns remit_v1.wallet_result
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- The answer that the creation of a wallet gave, for a retry with the same content.
--
-- What creation answered follows from what never changes: the request, which is told by its digest,
-- and the initial transfer.
--
-- Raises: WL005. Locks: nothing.
declare
    initial_balance constant bigint := coalesce(request.initial_balance, 0);
    stored remit.wallets;
    initial remit.transfers;
begin
    select w.* into strict stored
      from remit.wallets w
     where w.ledger_id = wallet_replay.ledger_id and w.id = wallet_replay.wallet_id;
    if stored.created_as is distinct from remit.wallet_request_sha256(request) then
        raise exception using errcode = 'WL005', message = 'idempotency key reused', column = 'id';
    end if;
    if initial_balance > 0 then -- Else a transfer with that id is another caller's.
        select t.* into strict initial
          from remit.transfers t
         where t.ledger_id = wallet_replay.ledger_id and t.id = remit.initial_transfer_id(wallet_replay.wallet_id);
    end if;

    return (stored.id, request.user_id, request.currency, initial_balance, 0, null, request.floor, 'active',
            coalesce(initial.target_version, 0), 0, request.reference, coalesce(request.metadata, '{}'),
            stored.created_at, coalesce(initial.created_at, stored.created_at), true)::remit_v1.wallet_result;
end;
$$;

comment on function remit.wallet_replay(bigint, uuid, remit_v1.wallet_request) is
    'The answer that the creation of a wallet gave, for a retry with the same content.';
