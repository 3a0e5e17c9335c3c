create or replace function remit.user_transfer_id(user_id uuid, transfer_id uuid)
    returns uuid
    -- Keeps its plan, where a function in SQL is parsed anew by each statement that calls it.
    language plpgsql
    immutable
    strict
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
-- The id of the transfer that a key of scope user makes with the id transfer_id.
--
-- Each user's idempotency keys are a name space of their own: no caller can learn by trying which
-- keys another one has used, nor use them up. No key of the ledger's begins with chr(1).
--
-- Raises: nothing. Locks: nothing.
begin
    return remit.uuid_v8(sha256(convert_to(chr(1) || 'transfer ' || transfer_id || ' of user ' || user_id, 'UTF8')));
end;
$$;

comment on function remit.user_transfer_id(uuid, uuid) is
    'The id of the transfer that a key of scope user makes with an id.';
