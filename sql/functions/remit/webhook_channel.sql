create or replace function remit.webhook_channel(webhook_id uuid)
    returns text
    language sql
    immutable
    set search_path = pg_catalog, pg_temp
as $$
-- The name of a webhook's cursor.
--
-- Raises: nothing. Locks: nothing.
    select 'webhook:' || webhook_id;
$$;

comment on function remit.webhook_channel(uuid) is
    'The name of a webhooks cursor.';
