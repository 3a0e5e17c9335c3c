create or replace function remit.audit_record(
    ledger_id bigint, action text, subject_ids uuid[], reason text, detail jsonb, key_id uuid)
    returns void
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Writes what an operator does, in the transaction that does it.
--
-- Who it is says the session: its login and application_name, and over HTTP the caller's key.
--
-- Raises: nothing. Locks: nothing.
begin
    insert into remit.audit (ledger_id, at, action, actor, application_name, key_id, subject_ids, reason, detail)
    values (audit_record.ledger_id, clock_timestamp(), audit_record.action, session_user,
            coalesce(current_setting('application_name', true), ''), audit_record.key_id,
            audit_record.subject_ids, audit_record.reason, coalesce(audit_record.detail, '{}'));
end;
$$;

comment on function remit.audit_record(bigint, text, uuid[], text, jsonb, uuid) is
    'Writes what an operator does into the audit log.';
