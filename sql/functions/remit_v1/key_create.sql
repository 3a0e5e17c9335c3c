create or replace function remit_v1.key_create(
    ledger_id bigint, request remit_v1.key_request, reason text default null, key_sha256 bytea default null)
    returns remit_v1.key_created
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Makes an API key. The result holds its text, which is stored nowhere: a lost one is revoked and
-- replaced.
--
-- A key of scope user names a user, no other does. Without expires_at it is valid until it is
-- revoked.
--
-- Raises: WL001, WL003, WL009, WL016, WL017; 55P03 as key_insert. Locks: as key_insert.
declare
    caller constant remit_v1.caller := remit.caller_admit(key_create.ledger_id, key_create.key_sha256, 'administer');
    created remit_v1.key_created;
begin
    perform remit.reason_check(key_create.reason);
    if coalesce(length(request.name), 0) not between 1 and 200 then
        perform remit.field_refuse('name', '1 to 200 characters');
    end if;
    if request.scope is null then
        perform remit.field_refuse('scope', 'user, reader, service or admin');
    end if;
    if (request.scope = 'user') <> (request.user_id is not null) then
        perform remit.field_refuse('user_id', 'required for the scope user, and for no other');
    end if;
    if request.expires_at <= clock_timestamp() or request.expires_at >= '9999-01-01 00:00+00' then
        perform remit.field_refuse('expires_at', 'a time to come, before the year 9999');
    end if;
    perform remit.ledger_check(key_create.ledger_id);
    if request.user_id is not null then
        perform remit_v1.user_get(key_create.ledger_id, request.user_id, key_create.key_sha256);
    end if;

    created := remit.key_insert(key_create.ledger_id, request);
    -- Again: it may have waited, and been revoked meanwhile.
    perform remit.caller_admit(key_create.ledger_id, key_create.key_sha256, 'administer');
    perform remit.audit_record(
        key_create.ledger_id, 'key_create', array[created.id], key_create.reason,
        jsonb_build_object('scope', created.scope, 'user_id', created.user_id, 'expires_at', remit.moment_text(created.expires_at)),
        caller.key_id);
    return created;
end;
$$;

comment on function remit_v1.key_create(bigint, remit_v1.key_request, text, bytea) is
    'Makes an API key. Its text is in the result and nowhere else.';

grant execute on function remit_v1.key_create(bigint, remit_v1.key_request, text, bytea) to remit_server, remit_operator;
