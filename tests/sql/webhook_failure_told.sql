begin;
select plan(1);
\ir fixture.psql
\ir webhooks.psql

select remit_worker_v1.webhooks_record(array[pg_temp.report(id, 1, '{}', pg_temp.failed(1))]) from hook;
select results_eq($$ select (remit.webhook_failure_told(f)).* from remit.webhook_failures f $$,
    $$ select f.position, f.event_id, f.type::text, f.attempts, f.is_aside, f.next_at, f.outcome, f.answer_status, f.failed_at from remit.webhook_failures f $$,
    'all but what the worker keeps for itself is told');

select * from finish();
rollback;
