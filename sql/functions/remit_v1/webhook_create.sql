create or replace function remit_v1.webhook_create(
    ledger_id bigint, request remit_v1.webhook_request, reason text default null, key_sha256 bytea default null)
    returns remit_v1.webhook_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Makes a webhook: from now on the events of the ledger are posted to the URL, all or those of some
-- types. A ledger has 20 at most.
--
-- Raises: WL001, WL009, WL016, WL017, WL027. Locks: the place among the ledger's webhooks.
declare
    caller constant remit_v1.caller := remit.caller_admit(webhook_create.ledger_id, webhook_create.key_sha256, 'administer');
    moment constant timestamptz := clock_timestamp();
    made remit.webhooks;
begin
    perform remit.reason_check(webhook_create.reason);
    perform remit.webhook_check(webhook_create.request, enum_range(null::remit_v1.webhook_member));
    perform remit.ledger_check(webhook_create.ledger_id);
    loop
        insert into remit.webhooks as w (ledger_id, place, url, types, description, created_at, updated_at)
        select webhook_create.ledger_id, p.place, request.url, request.types::remit_v1.event_type[], request.description, moment, moment
          from generate_series(1, 20) as p (place)
         where not exists (
                   select from remit.webhooks o
                    where o.ledger_id = webhook_create.ledger_id and o.place = p.place)
         order by p.place
         limit 1
        on conflict on constraint one_webhook_per_place do nothing -- Another session took it: look again.
        returning w.* into made;
        exit when found;
        if (select count(*) from remit.webhooks w where w.ledger_id = webhook_create.ledger_id) >= 20 then
            raise exception using errcode = 'WL027', message = 'too many webhooks';
        end if;
    end loop;
    -- Again: it may have waited, and been revoked meanwhile.
    perform remit.caller_admit(webhook_create.ledger_id, webhook_create.key_sha256, 'administer');
    insert into remit.cursors (ledger_id, channel, position)
    values (made.ledger_id, remit.webhook_channel(made.id), remit.log_position(made.ledger_id));
    perform remit.audit_record(
        made.ledger_id, 'webhook_create', array[made.id], webhook_create.reason, null, caller.key_id);
    perform remit.webhook_event(made, 'webhook.created');
    return remit.webhook_told(made);
end;
$$;

comment on function remit_v1.webhook_create(bigint, remit_v1.webhook_request, text, bytea) is
    'Makes a webhook: the events of the ledger are posted to its URL.';

grant execute on function remit_v1.webhook_create(bigint, remit_v1.webhook_request, text, bytea) to remit_server, remit_operator;
