create or replace function remit_v1.webhook_failure_retry(
    ledger_id bigint, webhook_id uuid, "position" bigint, reason text default null, key_sha256 bytea default null)
    returns remit_v1.webhook_failure
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Tries an event again that failed, as soon as those before it in its wallets are through.
--
-- Raises: WL001, WL016, WL017, WL026; 55P03 as webhook_lock. Locks: the webhook.
declare
    caller constant remit_v1.caller := remit.caller_admit(webhook_failure_retry.ledger_id, webhook_failure_retry.key_sha256, 'administer');
    webhook remit.webhooks;
    failure remit.webhook_failures;
begin
    perform remit.reason_check(webhook_failure_retry.reason);
    webhook := remit.webhook_lock(webhook_failure_retry.ledger_id, webhook_failure_retry.webhook_id);
    -- Again: it may have waited, and been revoked meanwhile.
    perform remit.caller_admit(webhook_failure_retry.ledger_id, webhook_failure_retry.key_sha256, 'administer');
    update remit.webhook_failures f
       set next_at = clock_timestamp()
     where f.ledger_id = webhook.ledger_id and f.webhook_id = webhook.id
       and f.position = webhook_failure_retry.position
    returning f.* into failure;
    if not found then
        raise exception using
            errcode = 'WL026', message = 'webhook not found', column = 'position',
            detail  = jsonb_build_object('position', webhook_failure_retry.position)::text;
    end if;
    update remit.webhooks w
       set revision = w.revision + 1
     where w.ledger_id = webhook.ledger_id and w.id = webhook.id;
    perform remit.audit_record(
        webhook.ledger_id, 'webhook_failure_retry', array[webhook.id], webhook_failure_retry.reason, jsonb_build_object('position', failure.position), caller.key_id);
    return remit.webhook_failure_told(failure);
end;
$$;

comment on function remit_v1.webhook_failure_retry(bigint, uuid, bigint, text, bytea) is
    'Tries an event again that failed.';

grant execute on function remit_v1.webhook_failure_retry(bigint, uuid, bigint, text, bytea) to remit_server, remit_operator;
