begin;
select plan(17);
\ir fixture.psql
\ir webhooks.psql

select pg_temp.wallet(11, 100);
select pg_temp.append_all();
create temporary table middle as select clock_timestamp() as at, remit.log_position(1) as position;
select pg_temp.wallet(12, 100);
select pg_temp.append_all();
create temporary table fin as select remit.log_position(1) as position;
create function pg_temp.replay(from_time timestamptz, to_time timestamptz default null, types text[] default null) returns text language plpgsql as $$
declare
    told remit_v1.webhook_result;
begin
    select r.* into told from hook, remit_v1.webhook_replay(1, hook.id, from_time, to_time, types) r;
    return (select concat_ws(' ', told.position, told.replay_position, told.replay_to, w.replay_types::text) from remit.webhooks w);
end;
$$;
select remit_worker_v1.webhooks_record(array[pg_temp.report(id, fin.position, '{}', pg_temp.failed(1), pg_temp.failed(fin.position))]) from hook, fin;
select is(pg_temp.replay(middle.at, null, '{transfer.posted}'), concat_ws(' ', fin.position, middle.position, fin.position, '{transfer.posted}'),
    'types of the past are sent beside what comes') from middle, fin;
select is((select array_agg(position) from remit.webhook_failures), '{1}', 'what failed of them comes with them');
select is(pg_temp.replay('2000-01-01', middle.at), concat_ws(' ', fin.position, 0, middle.position), 'so is a part of it; the one before ends') from middle, fin;
select is(pg_temp.replay(middle.at), concat_ws(' ', middle.position, 0, middle.position), 'without an end the cursor goes back; the other goes up to it') from middle;
select is((select count(*) from remit.webhook_failures), 0::bigint, 'no failure of what comes again is left');
select is(pg_temp.replay('2000-01-01'), '0', 'it goes back to the beginning, and nothing beside it is left');
select is(pg_temp.replay(clock_timestamp()), '0', 'it never goes forward');
select is(pg_temp.replay(clock_timestamp(), null, '{key.created}'), '0', 'where there is nothing, nothing is sent again');
select is(pg_temp.replay('2000-01-01', '2000-01-02'), '0', 'also before the log began');
select is((select count(*) from remit.audit where action = 'webhook_replay' and detail ? 'from'), 7::bigint, 'the audit log has each');
select is(revision, 8::bigint, 'and the worker hears of each') from remit.webhooks;
create function pg_temp.try(from_time timestamptz, to_time timestamptz default null, types text[] default null) returns text language sql as $$
    select pg_temp.refusal(format('select remit_v1.webhook_replay(1, %L, %L, %L, %L)', id, from_time, to_time, types)) from hook;
$$;
select is(pg_temp.try(null), 'WL001 from', 'a replay has a beginning');
select is(pg_temp.try('2020-01-01', '2020-01-01'), 'WL001 to', 'and ends after it');
select is(pg_temp.try('2020-01-01', null, '{x}'), 'WL001 types', 'types are some');
select is(pg_temp.try('infinity'), 'accepted', 'the end of time is later than all events');
select is(pg_temp.try('-infinity', 'infinity'), 'accepted', 'as its beginning is earlier');
select is(pg_temp.refusal($$ select remit_v1.webhook_replay(1, pg_temp.id(1), now()) $$), 'WL026 webhook_id', 'a webhook is there');

select * from finish();
rollback;
