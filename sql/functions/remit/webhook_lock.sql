create or replace function remit.webhook_lock(ledger_id bigint, webhook_id uuid)
    returns remit.webhooks
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- A webhook, locked until the transaction ends.
--
-- Raises: WL026; 55P03 when it stayed locked for lock_timeout. Locks: the webhook, for update.
declare
    webhook remit.webhooks;
begin
    select w.* into webhook
      from remit.webhooks w
     where w.ledger_id = webhook_lock.ledger_id and w.id = webhook_lock.webhook_id
       for update;
    if not found then
        raise exception using
            errcode = 'WL026', message = 'webhook not found', column = 'webhook_id',
            detail  = jsonb_build_object('webhook_id', webhook_lock.webhook_id)::text;
    end if;
    return webhook;
end;
$$;

comment on function remit.webhook_lock(bigint, uuid) is
    'A webhook, locked until the transaction ends.';
