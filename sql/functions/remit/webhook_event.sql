create or replace function remit.webhook_event(webhook remit.webhooks, type remit_v1.event_type)
    returns void
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Tells what became of a webhook, in an event. Neither its URL nor its description is in it: what
-- is in the log stays there, and a URL may hold a password.
--
-- Raises: nothing. Locks: nothing; its caller has locked or changed the webhook.
begin
    perform remit.event_record(
        webhook.ledger_id, webhook_event.type, webhook.id, remit.state_of_webhook(webhook), clock_timestamp());
end;
$$;

comment on function remit.webhook_event(remit.webhooks, remit_v1.event_type) is
    'Tells what became of a webhook, in an event.';
