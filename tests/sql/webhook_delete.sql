begin;
select plan(5);
\ir fixture.psql
\ir webhooks.psql

select remit_worker_v1.webhooks_record(array[pg_temp.report(id, 3, '{}', pg_temp.failed(1))]) from hook;
select results_eq('select d.id, d.position from hook h, remit_v1.webhook_delete(1, h.id) d', 'select id, 3::bigint from hook', 'a webhook ends, and is told as it was');
select is((select count(*) from remit.webhooks) + (select count(*) from remit.webhook_failures) + (select count(*) from remit.cursors where channel like 'webhook:%'),
    0::bigint, 'with its cursor and its failures');
select is(pg_temp.last_event(), 'webhook.deleted ' || id, 'an event tells of it') from hook;
select is((select action from remit.audit order by id desc limit 1), 'webhook_delete', 'and the audit log');
select is(pg_temp.refusal(format('select remit_v1.webhook_delete(1, %L)', id)), 'WL026 webhook_id', 'it ends once') from hook;

select * from finish();
rollback;
