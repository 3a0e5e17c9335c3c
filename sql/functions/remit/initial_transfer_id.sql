create or replace function remit.initial_transfer_id(wallet_id uuid)
    returns uuid
    language sql
    immutable
    strict
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
-- The id of the transfer that brought a wallet its initial balance.
--
-- It follows from the wallet's id, so that a retried creation finds it. No idempotency key begins
-- with chr(1).
--
-- Raises: nothing. Locks: nothing.
    select remit.uuid_v8(sha256(convert_to(chr(1) || 'initial balance of wallet ' || wallet_id, 'UTF8')));
$$;

comment on function remit.initial_transfer_id(uuid) is
    'The id of the transfer that brought a wallet its initial balance.';
