create or replace function remit_v1.webhook_update(
    ledger_id bigint, webhook_id uuid, request remit_v1.webhook_request, members remit_v1.webhook_member[],
    reason text default null, key_sha256 bytea default null)
    returns remit_v1.webhook_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Changes some members of a webhook. What is on its way meanwhile may still go to the old URL.
--
-- Raises: WL001, WL016, WL017, WL026; 55P03 as webhook_lock. Locks: the webhook.
declare
    caller constant remit_v1.caller := remit.caller_admit(webhook_update.ledger_id, webhook_update.key_sha256, 'administer');
    webhook remit.webhooks;
begin
    perform remit.reason_check(webhook_update.reason);
    if webhook_update.members is null or cardinality(webhook_update.members) not between 1 and 3 then
        perform remit.field_refuse('members', 'url, types, description, or some of them');
    end if;
    perform remit.webhook_check(webhook_update.request, webhook_update.members);
    webhook := remit.webhook_lock(webhook_update.ledger_id, webhook_update.webhook_id);
    -- Again: it may have waited, and been revoked meanwhile.
    perform remit.caller_admit(webhook_update.ledger_id, webhook_update.key_sha256, 'administer');
    update remit.webhooks w
       set url = case when 'url' = any (members) then request.url else w.url end,
           types = case when 'types' = any (members) then request.types::remit_v1.event_type[] else w.types end,
           description = case when 'description' = any (members) then request.description else w.description end,
           revision = w.revision + 1, updated_at = clock_timestamp()
     where w.ledger_id = webhook.ledger_id and w.id = webhook.id
    returning w.* into webhook;
    perform remit.audit_record(
        webhook.ledger_id, 'webhook_update', array[webhook.id], webhook_update.reason, jsonb_build_object('members', to_jsonb(webhook_update.members)), caller.key_id);
    perform remit.webhook_event(webhook, 'webhook.updated');
    return remit.webhook_told(webhook);
end;
$$;

comment on function remit_v1.webhook_update(bigint, uuid, remit_v1.webhook_request, remit_v1.webhook_member[], text, bytea) is
    'Changes some members of a webhook.';

grant execute on function remit_v1.webhook_update(bigint, uuid, remit_v1.webhook_request, remit_v1.webhook_member[], text, bytea) to remit_server, remit_operator;
