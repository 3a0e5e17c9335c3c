create or replace function remit_worker_v1.webhooks_read()
    returns setof remit_worker_v1.webhook
    language sql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- The webhooks that there is something to send to: events behind the cursor, a replay, failures
-- whose time has come, a ping.
--
-- Raises: nothing. Locks: nothing.
    with heads as materialized (
        select l.ledger_id, remit.log_position(l.ledger_id) as position
          from (select distinct w.ledger_id from remit.webhooks w) l
    )
    select w.ledger_id, w.id, w.url::text, w.types::text[], w.generation, w.previous_until, w.revision,
           w.status = 'enabled', c.position, h.position, w.replay_position, w.replay_to, w.replay_types::text[],
           w.succeeded_at, w.failing_since is not null,
           exists (select from remit.webhook_failures f where f.ledger_id = w.ledger_id and f.webhook_id = w.id),
           w.ping_id
      from remit.webhooks w
      join heads h on h.ledger_id = w.ledger_id
      join remit.cursors c on c.ledger_id = w.ledger_id and c.channel = remit.webhook_channel(w.id)
     where w.ping_id is not null
        or (w.status = 'enabled'
            and (c.position < h.position
                 or w.replay_position is not null
                 or exists (select from remit.webhook_failures f
                             where f.ledger_id = w.ledger_id and f.webhook_id = w.id
                               and f.next_at <= clock_timestamp())));
$$;

comment on function remit_worker_v1.webhooks_read() is
    'The webhooks that there is something to send to.';

grant execute on function remit_worker_v1.webhooks_read() to remit_worker;
