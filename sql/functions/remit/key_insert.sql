create or replace function remit.key_insert(ledger_id bigint, request remit_v1.key_request)
    returns remit_v1.key_created
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Makes a key. Its text names its ledger and has 244 random bits (of two random UUIDs); only its
-- SHA-256 is kept.
--
-- It is created now, but after all keys of its ledger, and until it is committed no other key is
-- made. So keys become visible in the order in which they are listed: none appears behind a
-- reader's cursor.
--
-- Raises: 23505 and 23503, which its callers rule out; 55P03 when another session made a key, and
-- did not commit it for lock_timeout.
-- Locks: the table of keys against other keys that are made, and nothing else.
declare
    secret constant text := 'remit_' || key_insert.ledger_id || '_'
        || encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex');
    created remit.keys;
begin
    lock table remit.keys in share update exclusive mode;
    insert into remit.keys as k (ledger_id, name, scope, user_id, sha256, expires_at, created_at)
    values (key_insert.ledger_id, request.name, request.scope, request.user_id, sha256(convert_to(secret, 'UTF8')),
            request.expires_at,
            greatest(clock_timestamp(), (
                select max(o.created_at) + interval '1 microsecond'
                  from remit.keys o where o.ledger_id = key_insert.ledger_id)))
    returning k.* into created;
    return (created.id, created.name, created.scope, created.user_id, created.created_at, created.expires_at,
            secret)::remit_v1.key_created;
end;
$$;

comment on function remit.key_insert(bigint, remit_v1.key_request) is
    'Makes a key. Its text is in the result and nowhere else.';
