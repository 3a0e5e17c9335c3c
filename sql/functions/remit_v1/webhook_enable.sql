create or replace function remit_v1.webhook_enable(
    ledger_id bigint, webhook_id uuid, reason text default null, key_sha256 bytea default null)
    returns remit_v1.webhook_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Lets a webhook go on that was disabled. All that failed is tried again at once, also where it was
-- enabled.
--
-- Raises: WL001, WL016, WL017, WL026; 55P03 as webhook_lock. Locks: the webhook.
declare
    caller constant remit_v1.caller := remit.caller_admit(webhook_enable.ledger_id, webhook_enable.key_sha256, 'administer');
    webhook remit.webhooks;
    was_disabled boolean;
begin
    perform remit.reason_check(webhook_enable.reason);
    webhook := remit.webhook_lock(webhook_enable.ledger_id, webhook_enable.webhook_id);
    -- Again: it may have waited, and been revoked meanwhile.
    perform remit.caller_admit(webhook_enable.ledger_id, webhook_enable.key_sha256, 'administer');
    was_disabled := webhook.status = 'disabled';
    update remit.webhooks w
       set status = 'enabled', failing_since = null, revision = w.revision + 1,
           updated_at = case when was_disabled then clock_timestamp() else w.updated_at end
     where w.ledger_id = webhook.ledger_id and w.id = webhook.id
    returning w.* into webhook;
    update remit.webhook_failures f
       set next_at = clock_timestamp()
     where f.ledger_id = webhook.ledger_id and f.webhook_id = webhook.id;
    perform remit.audit_record(
        webhook.ledger_id, 'webhook_enable', array[webhook.id], webhook_enable.reason, null, caller.key_id);
    if was_disabled then
        perform remit.webhook_event(webhook, 'webhook.enabled');
    end if;
    return remit.webhook_told(webhook);
end;
$$;

comment on function remit_v1.webhook_enable(bigint, uuid, text, bytea) is
    'Lets a webhook go on, and tries again what failed.';

grant execute on function remit_v1.webhook_enable(bigint, uuid, text, bytea) to remit_server, remit_operator;
