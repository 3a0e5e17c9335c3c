create or replace function remit_v1.webhook_get(ledger_id bigint, webhook_id uuid, key_sha256 bytea default null)
    returns remit_v1.webhook_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- A webhook, with how far it has come and what became of the last attempt.
--
-- Raises: WL016, WL017, WL026. Locks: nothing.
declare
    webhook remit.webhooks;
begin
    perform remit.caller_admit(webhook_get.ledger_id, webhook_get.key_sha256, 'administer');
    select w.* into webhook
      from remit.webhooks w
     where w.ledger_id = webhook_get.ledger_id and w.id = webhook_get.webhook_id;
    if not found then
        raise exception using
            errcode = 'WL026', message = 'webhook not found', column = 'webhook_id',
            detail  = jsonb_build_object('webhook_id', webhook_get.webhook_id)::text;
    end if;
    return remit.webhook_told(webhook);
end;
$$;

comment on function remit_v1.webhook_get(bigint, uuid, bytea) is
    'A webhook, with how far it has come.';

grant execute on function remit_v1.webhook_get(bigint, uuid, bytea) to remit_server, remit_operator;
