begin;
select plan(27);
\ir fixture.psql
\ir webhooks.psql

-- Changes one member of a report.
create function pg_temp.record(report remit_worker_v1.webhook_report, changes jsonb default '{}') returns integer language sql as $$
    select remit_worker_v1.webhooks_record(array[jsonb_populate_record(report, changes)]);
$$;
create function pg_temp.now(up_to bigint default 5, changes jsonb default '{}') returns integer language sql as $$
    select pg_temp.record(pg_temp.report(id, up_to), changes) from hook;
$$;
create function pg_temp.cursor() returns bigint language sql as $$ select position from remit.cursors where channel like 'webhook:%' $$;
select is(pg_temp.now(5), 1, 'a report counts');
select is(pg_temp.cursor(), 5::bigint, 'the cursor moves');
select results_eq('select outcome::text, answer_status, succeeded_at = attempted_at, failing_since from remit.webhooks', $$ values ('delivered', 200, true, null::timestamptz) $$, 'the last attempt is kept');
select is(pg_temp.now(4), 1, 'it may be late');
select is(pg_temp.cursor(), 5::bigint, 'the cursor goes not back');
select is(pg_temp.now(6, '{"revision": 0}'), 0, 'a report of an older revision does not count');
select is(pg_temp.cursor(), 5::bigint, 'and moves nothing');
select is(pg_temp.now(6, jsonb_build_object('webhook_id', pg_temp.id(1))), 0, 'nor does one of no webhook');

select pg_temp.record(pg_temp.report(id, 7, '{}', pg_temp.failed(6), pg_temp.failed(7, 0))) from hook;
select results_eq('select position, attempts, is_aside, outcome::text from remit.webhook_failures order by position', $$ values (6::bigint, 1, false, 'refused'), (7, 0, false, null) $$, 'failures are kept');
select pg_temp.record(pg_temp.report(id, 7, '{7}', pg_temp.failed(6, 8, true))) from hook;
select results_eq('select position, attempts, is_aside from remit.webhook_failures', $$ values (6::bigint, 8, true) $$, 'changed, and removed');
select is(pg_temp.refusal(format('select pg_temp.record(pg_temp.report(%L, 7, ''{}'', variadic array(select pg_temp.failed(n) from generate_series(10, 10009) n)))', id)),
    'WL001 failures', 'a webhook has at most 10000') from hook;

-- What fails.
create function pg_temp.fail(at timestamptz, changes jsonb default '{}') returns text language sql as $$
    select pg_temp.now(7, jsonb_build_object('succeeded_at', null, 'failed_at', at, 'outcome', 'timed_out', 'answer_status', null) || changes);
    select concat_ws(' ', w.status, w.failing_since::date, w.outcome, w.answer_status) from remit.webhooks w;
$$;
update remit.webhooks set succeeded_at = null;
select is(pg_temp.fail('2020-01-01 00:00'), 'enabled 2020-01-01 timed_out', 'one that fails fails since then');
select is(pg_temp.fail('2020-01-05 23:59'), 'enabled 2020-01-01 timed_out', 'also later');
select is(pg_temp.now(7), 1, 'a success');
select is(failing_since, null, 'ends that') from remit.webhooks;
select is(pg_temp.fail('2020-02-01 00:00'), 'enabled 2020-02-01 timed_out', 'another failure begins anew');
select is(pg_temp.fail('2020-02-06 00:00'), 'disabled 2020-02-01 timed_out', 'after 5 days it is disabled');
select is(pg_temp.last_event(), 'webhook.disabled ' || id, 'which an event tells') from hook;
select is(revision, 2::bigint, 'what is on its way counts no more') from remit.webhooks;
select is(pg_temp.fail('2020-02-07'), 'disabled 2020-02-01 timed_out', 'it is disabled once');
select is((select count(*) from remit.outbox where types = '{webhook.disabled}'), 1::bigint, 'and told once');
update remit.webhooks set status = 'enabled', failing_since = null;
select is(pg_temp.fail('2020-03-01', '{"is_gone": true, "outcome": "refused", "answer_status": 410}'), 'disabled 2020-03-01 refused 410', 'so is one that is gone');

-- Pings and replays.
update remit.webhooks set ping_id = pg_temp.id(5), replay_position = 0, replay_to = 3, replay_types = '{key.created}';
select pg_temp.now(7, '{"ping_outcome": "refused", "ping_status": 404, "replay_position": 2}');
select results_eq('select ping_id, ping_outcome::text, ping_status, replay_position, replay_to, replay_types::text from remit.webhooks',
    $$ values (null::uuid, 'refused', 404, 2::bigint, 3::bigint, '{key.created}') $$, 'a ping was sent, and a replay goes on');
select pg_temp.now(7, '{"replay_position": 3}');
select results_eq('select ping_status, replay_position, replay_to, replay_types::text from remit.webhooks', $$ values (404, null::bigint, null::bigint, null) $$, 'which has ended');

select is(pg_temp.refusal('select remit_worker_v1.webhooks_record(null)'), 'WL001 reports', 'there are reports');
select is(pg_temp.refusal('select remit_worker_v1.webhooks_record(array_fill(null::remit_worker_v1.webhook_report, array[1001]))'), 'WL001 reports', 'at most 1000');
select is(remit_worker_v1.webhooks_record('{}'), 0, 'or none');

select * from finish();
rollback;
