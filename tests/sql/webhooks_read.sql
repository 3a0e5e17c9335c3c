begin;
select plan(11);
\ir fixture.psql
\ir webhooks.psql

create function pg_temp.due() returns boolean language sql as $$
    select exists (select from remit_worker_v1.webhooks_read());
$$;
select is(pg_temp.due(), false, 'nothing is to be sent while the log has nothing');
select pg_temp.append_all();
select results_eq('select ledger_id, id, url, types, generation, revision, is_enabled, position, head, is_failing, has_failures, ping_id from remit_worker_v1.webhooks_read()',
    $$ select 1::bigint, id, 'https://hooks.example/remit', null::text[], 1, 1::bigint, true, 0::bigint, 3::bigint, false, false, null::uuid from hook $$, 'an event is behind the cursor');
select remit_worker_v1.webhooks_record(array[pg_temp.report(id, 3)]) from hook;
select is(pg_temp.due(), false, 'which has come there');
select remit_worker_v1.webhooks_record(array[pg_temp.report(id, 3, '{}', pg_temp.failed(1))]) from hook;
select is(pg_temp.due(), false, 'a failure waits for its time');
update remit.webhook_failures set next_at = clock_timestamp();
select results_eq('select has_failures from remit_worker_v1.webhooks_read()', 'values (true)', 'which comes');
update remit.webhooks set status = 'disabled';
select is(pg_temp.due(), false, 'one that is disabled has nothing to do');
update remit.webhooks set ping_id = pg_temp.id(5);
select results_eq('select is_enabled, ping_id from remit_worker_v1.webhooks_read()', 'values (false, pg_temp.id(5))', 'but a ping');
update remit.webhooks set status = 'enabled', ping_id = null;
delete from remit.webhook_failures;
update remit.webhooks set replay_position = 0, replay_to = 1, replay_types = '{key.created}';
select results_eq('select replay_position, replay_to, replay_types from remit_worker_v1.webhooks_read()', $$ values (0::bigint, 1::bigint, '{key.created}'::text[]) $$, 'a replay goes on');
update remit.webhooks set replay_position = null, replay_to = null, replay_types = null, failing_since = now();
select is(pg_temp.due(), false, 'until it has ended');
select pg_temp.key('x', 'admin');
select remit_v1.key_revoke(1, id) from remit.keys where name = 'x';
update remit.cursors set position = 0;
select is(is_failing, true, 'that nothing succeeds is told') from remit_worker_v1.webhooks_read();
select is(pg_temp.refusal_as('remit_worker', 'select remit_worker_v1.webhooks_read()'), 'accepted', 'the worker may ask');

select * from finish();
rollback;
