create or replace function remit_v1.ledger_create(
    ledger_id bigint, name text, reason text default null, key_sha256 bytea default null)
    returns remit_v1.ledger_created
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Makes a ledger and its first key, of scope admin. ledger_id is the caller's own: its key opens
-- the new one not at all, and the new key opens nothing else.
--
-- Raises: WL001, WL009, WL016, WL017; 55P03 as key_insert. Locks: as key_insert.
declare
    caller constant remit_v1.caller := remit.caller_admit(ledger_create.ledger_id, ledger_create.key_sha256, 'administer');
    created remit.ledgers;
    key remit_v1.key_created;
begin
    perform remit.reason_check(ledger_create.reason);
    if coalesce(length(ledger_create.name), 0) not between 1 and 200 then
        perform remit.field_refuse('name', '1 to 200 characters');
    end if;
    perform remit.ledger_check(ledger_create.ledger_id);

    insert into remit.ledgers as l (name) values (ledger_create.name) returning l.* into created;
    perform remit.event_record(
        created.ledger_id, 'ledger.created', remit.number_id(created.ledger_id), remit.state_of_ledger(created), created.created_at);
    key := remit.key_insert(created.ledger_id, ('first admin', 'admin', null, null)::remit_v1.key_request);
    -- Again: it may have waited, and been revoked meanwhile.
    perform remit.caller_admit(ledger_create.ledger_id, ledger_create.key_sha256, 'administer');
    perform remit.audit_record(
        ledger_create.ledger_id, 'ledger_create', '{}', ledger_create.reason,
        jsonb_build_object('ledger_id', created.ledger_id), caller.key_id);
    perform remit.audit_record(
        created.ledger_id, 'key_create', array[key.id], ledger_create.reason,
        jsonb_build_object('scope', key.scope, 'created_in_ledger', ledger_create.ledger_id), caller.key_id);
    return (created.ledger_id, created.name, created.created_at, key.id, key.secret)::remit_v1.ledger_created;
end;
$$;

comment on function remit_v1.ledger_create(bigint, text, text, bytea) is
    'Makes a ledger and its first key, whose text is in the result and nowhere else.';

grant execute on function remit_v1.ledger_create(bigint, text, text, bytea) to remit_server, remit_operator;
