create or replace function remit_worker_v1.webhooks_record(reports remit_worker_v1.webhook_report[])
    returns integer
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Writes what became of events since the reports before, of many webhooks in one transaction. Gives
-- how many reports counted: one of an older revision does not, as its webhook was changed, replayed
-- or deleted since. Its events are sent again.
--
-- A webhook that took nothing for 5 days, or said that it is gone, is disabled.
--
-- Raises: WL001. Locks: the webhooks, in order.
declare
    report remit_worker_v1.webhook_report;
    webhook remit.webhooks;
    counted integer := 0;
begin
    if reports is null or cardinality(reports) > 1000 then
        perform remit.field_refuse('reports', 'at most 1000');
    end if;
    for report in
        select r.* from unnest(reports) r order by r.ledger_id, r.webhook_id
    loop
        if cardinality(report.settled) > 20000 or cardinality(report.failures) > 10000 then
            perform remit.field_refuse('reports', 'at most 20000 settled events and 10000 failures each');
        end if;
        update remit.webhooks w
           set succeeded_at = greatest(w.succeeded_at, report.succeeded_at),
               failing_since = case when report.succeeded_at is null then coalesce(w.failing_since, report.failed_at) end,
               attempted_at = coalesce(greatest(report.succeeded_at, report.failed_at), w.attempted_at),
               outcome = coalesce(report.outcome, w.outcome),
               answer_status = case when report.outcome is null then w.answer_status else report.answer_status end,
               ping_id = case when report.ping_outcome is null then w.ping_id end,
               pinged_at = case when report.ping_outcome is null then w.pinged_at else clock_timestamp() end,
               ping_outcome = coalesce(report.ping_outcome, w.ping_outcome),
               ping_status = case when report.ping_outcome is null then w.ping_status else report.ping_status end,
               replay_position = nullif(report.replay_position, w.replay_to),
               replay_to = case when report.replay_position < w.replay_to then w.replay_to end,
               replay_types = case when report.replay_position < w.replay_to then w.replay_types end
         where w.ledger_id = report.ledger_id and w.id = report.webhook_id and w.revision = report.revision
        returning w.* into webhook;
        continue when not found;
        counted := counted + 1;
        update remit.cursors c
           set position = report.position
         where c.ledger_id = report.ledger_id and c.channel = remit.webhook_channel(report.webhook_id)
           and c.position < report.position;
        delete from remit.webhook_failures f
         where f.ledger_id = report.ledger_id and f.webhook_id = report.webhook_id and f.position = any (report.settled);
        insert into remit.webhook_failures as f (
            ledger_id, webhook_id, position, event_id, type, subject_ids, attempts, is_aside, next_at, outcome,
            answer_status, failed_at)
        select report.ledger_id, report.webhook_id, n.position, n.event_id, n.type::remit_v1.event_type, n.subject_ids,
               n.attempts, n.is_aside, n.next_at, n.outcome, n.answer_status, n.failed_at
          from unnest(report.failures) n
        on conflict on constraint webhook_failures_pkey do update
           set attempts = excluded.attempts, is_aside = excluded.is_aside, next_at = excluded.next_at,
               outcome = excluded.outcome, answer_status = excluded.answer_status, failed_at = excluded.failed_at;
        if cardinality(report.failures) > 0 and (
            select count(*) from remit.webhook_failures f
             where f.ledger_id = report.ledger_id and f.webhook_id = report.webhook_id) > 10000 then
            perform remit.field_refuse('failures', 'at most 10000 of a webhook');
        end if;
        if webhook.status = 'enabled'
           and (report.is_gone or webhook.failing_since <= report.failed_at - interval '5 days') then
            update remit.webhooks w
               set status = 'disabled', revision = w.revision + 1, updated_at = clock_timestamp()
             where w.ledger_id = webhook.ledger_id and w.id = webhook.id
            returning w.* into webhook;
            perform remit.webhook_event(webhook, 'webhook.disabled');
        end if;
    end loop;
    return counted;
end;
$$;

comment on function remit_worker_v1.webhooks_record(remit_worker_v1.webhook_report[]) is
    'Writes what became of events, of many webhooks. Gives how many reports counted.';

grant execute on function remit_worker_v1.webhooks_record(remit_worker_v1.webhook_report[]) to remit_worker;
