create or replace function remit.webhook_told(webhook remit.webhooks)
    returns remit_v1.webhook_result
    language sql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- What a caller is told of a webhook.
--
-- Raises: nothing. Locks: nothing.
    select webhook.id, webhook.url::text, webhook.types::text[], webhook.description, webhook.status, webhook.generation,
           case when webhook.previous_until > clock_timestamp() then webhook.previous_until end,
           (select c.position from remit.cursors c
             where c.ledger_id = webhook.ledger_id and c.channel = remit.webhook_channel(webhook.id)),
           webhook.replay_position, webhook.replay_to, webhook.failing_since,
           webhook.attempted_at, webhook.outcome, webhook.answer_status,
           webhook.pinged_at, webhook.ping_outcome, webhook.ping_status,
           webhook.created_at, webhook.updated_at;
$$;

comment on function remit.webhook_told(remit.webhooks) is
    'What a caller is told of a webhook.';
