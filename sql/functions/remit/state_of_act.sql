create or replace function remit.state_of_act(told remit.audit)
    returns jsonb
    language sql
    stable
    parallel safe
-- The data of the operator.acted of a row of the audit log.
--
-- Raises: nothing. Locks: nothing.
return jsonb_build_object(
    'act', told.id, 'at', remit.moment_text(told.at), 'action', told.action, 'actor', told.actor,
    'application_name', told.application_name, 'key_id', told.key_id, 'subject_ids', to_jsonb(told.subject_ids),
    'reason', told.reason, 'detail', told.detail);

comment on function remit.state_of_act(remit.audit) is
    'The data of the event operator.acted of a row of the audit log.';
