create or replace function remit_v1.webhook_delete(
    ledger_id bigint, webhook_id uuid, reason text default null, key_sha256 bytea default null)
    returns remit_v1.webhook_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Ends a webhook for good, with what waits for it. Gives what it was.
--
-- Raises: WL001, WL016, WL017, WL026; 55P03 as webhook_lock. Locks: the webhook.
declare
    caller constant remit_v1.caller := remit.caller_admit(webhook_delete.ledger_id, webhook_delete.key_sha256, 'administer');
    webhook remit.webhooks;
    told remit_v1.webhook_result;
begin
    perform remit.reason_check(webhook_delete.reason);
    webhook := remit.webhook_lock(webhook_delete.ledger_id, webhook_delete.webhook_id);
    -- Again: it may have waited, and been revoked meanwhile.
    perform remit.caller_admit(webhook_delete.ledger_id, webhook_delete.key_sha256, 'administer');
    told := remit.webhook_told(webhook);
    delete from remit.webhooks w where w.ledger_id = webhook.ledger_id and w.id = webhook.id;
    delete from remit.cursors c
     where c.ledger_id = webhook.ledger_id and c.channel = remit.webhook_channel(webhook.id);
    perform remit.audit_record(
        webhook.ledger_id, 'webhook_delete', array[webhook.id], webhook_delete.reason, null, caller.key_id);
    perform remit.webhook_event(webhook, 'webhook.deleted');
    return told;
end;
$$;

comment on function remit_v1.webhook_delete(bigint, uuid, text, bytea) is
    'Ends a webhook for good.';

grant execute on function remit_v1.webhook_delete(bigint, uuid, text, bytea) to remit_server, remit_operator;
