create or replace function remit_v1.webhook_ping(
    ledger_id bigint, webhook_id uuid, reason text default null, key_sha256 bytea default null)
    returns remit_v1.webhook_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Lets the worker post a webhook.ping to a webhook, once, also to one that is disabled. What became
-- of it is told with the webhook.
--
-- Raises: WL001, WL016, WL017, WL026; 55P03 as webhook_lock. Locks: the webhook.
declare
    caller constant remit_v1.caller := remit.caller_admit(webhook_ping.ledger_id, webhook_ping.key_sha256, 'administer');
    webhook remit.webhooks;
begin
    perform remit.reason_check(webhook_ping.reason);
    webhook := remit.webhook_lock(webhook_ping.ledger_id, webhook_ping.webhook_id);
    -- Again: it may have waited, and been revoked meanwhile.
    perform remit.caller_admit(webhook_ping.ledger_id, webhook_ping.key_sha256, 'administer');
    update remit.webhooks w
       set ping_id = gen_random_uuid(), pinged_at = null, ping_outcome = null, ping_status = null,
           revision = w.revision + 1
     where w.ledger_id = webhook.ledger_id and w.id = webhook.id
    returning w.* into webhook;
    perform remit.audit_record(
        webhook.ledger_id, 'webhook_ping', array[webhook.id], webhook_ping.reason, null, caller.key_id);
    return remit.webhook_told(webhook);
end;
$$;

comment on function remit_v1.webhook_ping(bigint, uuid, text, bytea) is
    'Lets the worker post a ping to a webhook, once.';

grant execute on function remit_v1.webhook_ping(bigint, uuid, text, bytea) to remit_server, remit_operator;
