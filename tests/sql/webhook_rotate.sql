begin;
select plan(4);
\ir fixture.psql
\ir webhooks.psql

select results_eq($$ select r.generation, r.previous_secret_until between clock_timestamp() + interval '23:59' and clock_timestamp() + interval '24:00' from hook, remit_v1.webhook_rotate(1, id) r $$,
    $$ values (2, true) $$, 'a webhook has another secret, and for a day the one before');
select is(pg_temp.last_event(), 'webhook.rotated ' || id, 'an event tells of it') from hook;
select is((select action from remit.audit order by id desc limit 1), 'webhook_rotate', 'and the audit log');
select is(pg_temp.refusal($$ select remit_v1.webhook_rotate(1, pg_temp.id(1)) $$), 'WL026 webhook_id', 'a webhook is there');

select * from finish();
rollback;
