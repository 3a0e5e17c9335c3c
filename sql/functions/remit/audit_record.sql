create or replace function remit.audit_record(
    ledger_id bigint, action text, subject_ids uuid[], reason text, detail jsonb, key_id uuid)
    returns void
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Writes what an operator does, in the transaction that does it, and tells of it.
--
-- Who it is says the session: its login and application_name, and over HTTP the caller's key. Why
-- says the reason, or for a person whose action has none the setting remit.reason.
--
-- Raises: WL001 for a person who gives no reason. Locks: nothing.
declare
    why text := audit_record.reason;
    act remit.audit;
begin
    if why is null and remit.session_is_operators() then
        why := nullif(current_setting('remit.reason', true), '');
    end if;
    perform remit.reason_check(why);
    insert into remit.audit as a (ledger_id, at, action, actor, application_name, key_id, subject_ids, reason, detail)
    values (audit_record.ledger_id, clock_timestamp(), audit_record.action, session_user,
            coalesce(current_setting('application_name', true), ''), audit_record.key_id,
            audit_record.subject_ids, why, coalesce(audit_record.detail, '{}'))
    returning a.* into act;
    perform remit.event_record(act.ledger_id, 'operator.acted', remit.number_id(act.id), remit.state_of_act(act), act.at);
end;
$$;

comment on function remit.audit_record(bigint, text, uuid[], text, jsonb, uuid) is
    'Writes what an operator does into the audit log.';
