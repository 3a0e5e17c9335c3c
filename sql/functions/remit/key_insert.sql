create or replace function remit.key_insert(ledger_id bigint, request remit_v1.key_request)
    returns remit_v1.key_created
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Makes a key. Its text names its ledger and has 244 random bits (of two random UUIDs); only its
-- SHA-256 is kept.
--
-- Raises: 23505 and 23503, which its callers rule out. Locks: nothing.
declare
    secret constant text := 'remit_' || key_insert.ledger_id || '_'
        || encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex');
    created remit.keys;
begin
    insert into remit.keys as k (ledger_id, name, scope, user_id, sha256, expires_at)
    values (key_insert.ledger_id, request.name, request.scope, request.user_id, sha256(convert_to(secret, 'UTF8')),
            request.expires_at)
    returning k.* into created;
    return (created.id, created.name, created.scope, created.user_id, created.created_at, created.expires_at,
            secret)::remit_v1.key_created;
end;
$$;

comment on function remit.key_insert(bigint, remit_v1.key_request) is
    'Makes a key. Its text is in the result and nowhere else.';
