create or replace function remit_worker_v1.webhook_failures_read(ledger_id bigint, webhook_id uuid)
    returns setof remit_worker_v1.webhook_failure
    language sql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- All that a webhook did not take, in order: 10,000 events at most.
--
-- Raises: nothing. Locks: nothing.
    select f.position, f.event_id, f.type::text, f.subject_ids, f.attempts, f.is_aside, f.next_at, f.outcome,
           f.answer_status, f.failed_at
      from remit.webhook_failures f
     where f.ledger_id = webhook_failures_read.ledger_id and f.webhook_id = webhook_failures_read.webhook_id
     order by f.position;
$$;

comment on function remit_worker_v1.webhook_failures_read(bigint, uuid) is
    'All that a webhook did not take, in order.';

grant execute on function remit_worker_v1.webhook_failures_read(bigint, uuid) to remit_worker;
