create or replace function remit_v1.webhook_replay(
    ledger_id bigint, webhook_id uuid, from_time timestamptz, to_time timestamptz default null, types text[] default null,
    reason text default null, key_sha256 bytea default null)
    returns remit_v1.webhook_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Sends again what a webhook was sent: events that came into the log from from_time on.
--
-- With neither an end nor types the cursor goes back, and all comes again in order. Otherwise the
-- events before to_time and of these types are sent beside those that come in; a replay of that
-- kind that still runs ends. A cursor never goes forward: nothing is skipped.
--
-- Raises: WL001, WL016, WL017, WL026; 55P03 as webhook_lock. Locks: the webhook.
declare
    caller constant remit_v1.caller := remit.caller_admit(webhook_replay.ledger_id, webhook_replay.key_sha256, 'administer');
    webhook remit.webhooks;
    cursor_now bigint;
    replay_from bigint;
    replay_end bigint;
    is_bounded boolean;
begin
    perform remit.reason_check(webhook_replay.reason);
    if from_time is null then
        perform remit.field_refuse('from', 'a time');
    elsif to_time <= from_time then
        perform remit.field_refuse('to', 'a time after from');
    end if;
    perform remit.webhook_check((null, types, null)::remit_v1.webhook_request, '{types}');
    webhook := remit.webhook_lock(webhook_replay.ledger_id, webhook_replay.webhook_id);
    -- Again: it may have waited, and been revoked meanwhile.
    perform remit.caller_admit(webhook_replay.ledger_id, webhook_replay.key_sha256, 'administer');
    select c.position, least(c.position, remit.log_position_at(webhook.ledger_id, from_time) - 1)
      into strict cursor_now, replay_from
      from remit.cursors c
     where c.ledger_id = webhook.ledger_id and c.channel = remit.webhook_channel(webhook.id)
       for update;
    is_bounded := to_time is not null or types is not null;
    if is_bounded then
        replay_end := least(cursor_now, remit.log_position_at(webhook.ledger_id, to_time) - 1); -- Null is no end.
    end if;
    -- What failed of these is sent again with them.
    delete from remit.webhook_failures f
     where f.ledger_id = webhook.ledger_id and f.webhook_id = webhook.id
       and f.position > replay_from and f.position <= coalesce(replay_end, f.position)
       and (types is null or f.type::text = any (types));
    if not is_bounded then
        update remit.cursors c
           set position = replay_from
         where c.ledger_id = webhook.ledger_id and c.channel = remit.webhook_channel(webhook.id);
        -- A replay that runs goes no further than the cursor.
        replay_end := least(webhook.replay_to, replay_from);
        replay_from := webhook.replay_position;
    end if;
    update remit.webhooks w
       set replay_position = case when replay_from < replay_end then replay_from end,
           replay_to = case when replay_from < replay_end then replay_end end,
           replay_types = case when not is_bounded and replay_from < replay_end then w.replay_types
                               when replay_from < replay_end then webhook_replay.types::remit_v1.event_type[] end,
           revision = w.revision + 1
     where w.ledger_id = webhook.ledger_id and w.id = webhook.id
    returning w.* into webhook;
    perform remit.audit_record(
        webhook.ledger_id, 'webhook_replay', array[webhook.id], webhook_replay.reason, 
        jsonb_build_object('from', remit.moment_text(from_time), 'to', remit.moment_text(to_time), 'types', to_jsonb(types)), caller.key_id);
    return remit.webhook_told(webhook);
end;
$$;

comment on function remit_v1.webhook_replay(bigint, uuid, timestamptz, timestamptz, text[], text, bytea) is
    'Sends again what a webhook was sent, from a time on.';

grant execute on function remit_v1.webhook_replay(bigint, uuid, timestamptz, timestamptz, text[], text, bytea) to remit_server, remit_operator;
