create or replace function remit_v1.user_create(
    ledger_id bigint, request remit_v1.user_request, key_sha256 bytea default null)
    returns remit_v1.user_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Creates a user. Without an id it gets one; with an id a retry finds the user that the first call
-- made.
--
-- Raises: WL001, WL005, WL009, WL016, WL017. Locks: nothing; a concurrent call with the same id is
-- waited for.
declare
    user_id constant uuid := coalesce(request.id, gen_random_uuid());
    metadata constant jsonb := coalesce(request.metadata, '{}');
    content_sha256 bytea;
    stored  remit.users;
    is_new boolean;
begin
    perform remit.caller_admit(user_create.ledger_id, user_create.key_sha256, 'serve');
    if coalesce(length(request.name), 0) not between 1 and 200 then
        perform remit.field_refuse('name', '1 to 200 characters');
    end if;
    if length(request.email) not between 3 and 254 or request.email !~ '^[^@[:space:]]+@[^@[:space:]]+$' then
        perform remit.field_refuse('email', 'an address with one @, at most 254 characters');
    end if;
    perform remit.labels_check(request.reference, request.metadata);
    perform remit.ledger_check(user_create.ledger_id);

    content_sha256 := remit.content_sha256(
        jsonb_build_array(request.name, request.email, request.reference, metadata));
    insert into remit.users as u (ledger_id, id, name, email, reference, metadata, created_as)
    values (user_create.ledger_id, user_id, request.name, request.email, request.reference, metadata, content_sha256)
    on conflict do nothing
    returning u.* into stored;
    is_new := found;
    -- Again: it may have waited for a call with the same id, and been revoked meanwhile.
    perform remit.caller_admit(user_create.ledger_id, user_create.key_sha256, 'serve');
    if is_new then
        perform remit.event_record(
            stored.ledger_id, 'user.created', stored.id, remit.state_of_user(stored), stored.created_at);
        if remit.session_is_operators() then
            perform remit.audit_record(
                user_create.ledger_id, 'user_create', array[stored.id], nullif(request.reference, ''), null, null);
        end if;
        return (stored.id, stored.name, stored.email, stored.reference, stored.metadata,
                stored.created_at, false)::remit_v1.user_result;
    end if;

    select u.* into strict stored
      from remit.users u
     where u.ledger_id = user_create.ledger_id and u.id = user_id;
    if stored.created_as is distinct from content_sha256 then
        raise exception using errcode = 'WL005', message = 'idempotency key reused', column = 'id';
    end if;
    -- As the first call answered, whatever has become of the user.
    return (stored.id, request.name, request.email, request.reference, metadata, stored.created_at, true)::remit_v1.user_result;
end;
$$;

comment on function remit_v1.user_create(bigint, remit_v1.user_request, bytea) is
    'Creates a user. The same id and content again returns the same user with replayed set.';

grant execute on function remit_v1.user_create(bigint, remit_v1.user_request, bytea) to remit_server, remit_operator;
