begin;
select plan(5);
\ir fixture.psql
\ir webhooks.psql

select remit_worker_v1.webhooks_record(array[pg_temp.report(id, 9, '{}', pg_temp.failed(1), pg_temp.failed(2, 9, true, null))]) from hook;
select cmp_ok(r.next_at, '<=', clock_timestamp(), 'a failure is tried again now') from hook, remit_v1.webhook_failure_retry(1, id, 2) r;
select is((select count(*) from remit.webhook_failures where next_at > clock_timestamp()), 1::bigint, 'and no other');
select results_eq('select detail, revision from remit.audit, remit.webhooks order by audit.id desc limit 1', $$ values ('{"position": 2}'::jsonb, 2::bigint) $$, 'the audit log has it, and the worker hears of it');
select is(pg_temp.refusal(format('select remit_v1.webhook_failure_retry(1, %L, 3)', id)), 'WL026 position', 'a failure is there') from hook;
select is(pg_temp.refusal($$ select remit_v1.webhook_failure_retry(1, pg_temp.id(1), 1) $$), 'WL026 webhook_id', 'a webhook is there');

select * from finish();
rollback;
