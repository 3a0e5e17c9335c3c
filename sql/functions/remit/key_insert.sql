create or replace function remit.key_insert(ledger_id bigint, request remit_v1.key_request)
    returns remit_v1.key_created
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Makes a key. Its text names its ledger and has 244 random bits (of two random UUIDs); only its
-- SHA-256 is kept.
--
-- It is created now, but after all keys of its ledger, and until it is committed no other key of
-- that ledger is made. So keys become visible in the order in which they are listed: none appears
-- behind a reader's cursor.
--
-- Raises: 23505 and 23503, which its callers rule out; 55P03 when another session made a key of
-- this ledger, and did not commit it for lock_timeout.
-- Locks: the ledger's row of remit.key_moments.
declare
    secret constant text := 'remit_' || key_insert.ledger_id || '_'
        || encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex');
    moment timestamptz;
    created remit.keys;
begin
    insert into remit.key_moments as m (ledger_id, created_at)
    values (key_insert.ledger_id, clock_timestamp())
    on conflict on constraint key_moments_pkey do update -- Under the lock, when it may have waited.
       set created_at = greatest(clock_timestamp(), m.created_at + interval '1 microsecond')
    returning m.created_at into moment;
    insert into remit.keys as k (ledger_id, name, scope, user_id, sha256, expires_at, created_at)
    values (key_insert.ledger_id, request.name, request.scope, request.user_id, sha256(convert_to(secret, 'UTF8')),
            request.expires_at, moment)
    returning k.* into created;
    perform remit.event_record(
        created.ledger_id, 'key.created', created.id, remit.state_of_key(created), created.created_at);
    return (created.id, created.name, created.scope, created.user_id, created.created_at, created.expires_at,
            secret)::remit_v1.key_created;
end;
$$;

comment on function remit.key_insert(bigint, remit_v1.key_request) is
    'Makes a key. Its text is in the result and nowhere else.';
