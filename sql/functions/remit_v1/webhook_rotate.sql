create or replace function remit_v1.webhook_rotate(
    ledger_id bigint, webhook_id uuid, reason text default null, key_sha256 bytea default null)
    returns remit_v1.webhook_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Gives a webhook a new secret: that of the next generation. For 24 hours the one before signs too.
-- The one before that does not, also when its 24 hours are not over.
--
-- Raises: WL001, WL016, WL017, WL026; 55P03 as webhook_lock. Locks: the webhook.
declare
    caller constant remit_v1.caller := remit.caller_admit(webhook_rotate.ledger_id, webhook_rotate.key_sha256, 'administer');
    webhook remit.webhooks;
begin
    perform remit.reason_check(webhook_rotate.reason);
    webhook := remit.webhook_lock(webhook_rotate.ledger_id, webhook_rotate.webhook_id);
    -- Again: it may have waited, and been revoked meanwhile.
    perform remit.caller_admit(webhook_rotate.ledger_id, webhook_rotate.key_sha256, 'administer');
    update remit.webhooks w
       set generation = w.generation + 1, previous_until = clock_timestamp() + interval '24 hours',
           revision = w.revision + 1, updated_at = clock_timestamp()
     where w.ledger_id = webhook.ledger_id and w.id = webhook.id
    returning w.* into webhook;
    perform remit.audit_record(
        webhook.ledger_id, 'webhook_rotate', array[webhook.id], webhook_rotate.reason, null, caller.key_id);
    perform remit.webhook_event(webhook, 'webhook.rotated');
    return remit.webhook_told(webhook);
end;
$$;

comment on function remit_v1.webhook_rotate(bigint, uuid, text, bytea) is
    'Gives a webhook a new secret; the one before signs for 24 hours more.';

grant execute on function remit_v1.webhook_rotate(bigint, uuid, text, bytea) to remit_server, remit_operator;
