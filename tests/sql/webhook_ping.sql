begin;
select plan(4);
\ir fixture.psql
\ir webhooks.psql

update remit.webhooks set ping_outcome = 'refused', ping_status = 500, pinged_at = now();
select results_eq($$ select p.pinged_at, p.ping_outcome, p.ping_status from hook, remit_v1.webhook_ping(1, id) p $$,
    $$ values (null::timestamptz, null::remit_v1.webhook_outcome, null::integer) $$, 'a ping is to come');
select isnt(ping_id, null, 'the worker finds it') from remit_worker_v1.webhooks_read();
select is((select action from remit.audit order by id desc limit 1), 'webhook_ping', 'the audit log has it');
select is(pg_temp.refusal($$ select remit_v1.webhook_ping(1, pg_temp.id(1)) $$), 'WL026 webhook_id', 'a webhook is there');

select * from finish();
rollback;
