begin;
select plan(6);
\ir fixture.psql
\ir webhooks.psql

select remit_worker_v1.webhooks_record(array[pg_temp.report(id, 3, '{}', pg_temp.failed(1), pg_temp.failed(2, 9, true, null))]) from hook;
select remit_v1.webhook_enable(1, id) from hook;
select is((select count(*) from remit.webhook_failures where next_at <= clock_timestamp()), 2::bigint, 'all that failed is tried again');
select is(pg_temp.last_event(), 'webhook.created ' || id, 'nothing is told of one that was enabled') from hook;
update remit.webhooks set status = 'disabled', failing_since = now();
select results_eq('select e.status::text, e.failing_since from hook, remit_v1.webhook_enable(1, id) e', $$ values ('enabled', null::timestamptz) $$, 'one that was disabled goes on');
select is(pg_temp.last_event(), 'webhook.enabled ' || id, 'an event tells of it') from hook;
select is((select count(*) from remit.audit where action = 'webhook_enable'), 2::bigint, 'and the audit log');
select is(pg_temp.refusal($$ select remit_v1.webhook_enable(1, pg_temp.id(1)) $$), 'WL026 webhook_id', 'a webhook is there');

select * from finish();
rollback;
