begin;
select plan(14);
\ir fixture.psql

create function pg_temp.begun(since timestamptz, until timestamptz, types text[] default null, dry_run boolean default false)
    returns text language sql as $$
    select w.after || ' to ' || w.until from remit_ops_v1.replay_begin(1, since, until, types, 'ticket 7', dry_run) w;
$$;

select pg_temp.wallet(11, 100);
select count(*) as first from remit_worker_v1.outbox_append(1000) \gset
select pg_temp.wallet(12, 100);
select count(*) as second from remit_worker_v1.outbox_append(1000) \gset
select created_at as moment from remit.log_blocks where ledger_id = 1 order by position desc limit 1 \gset
select is(pg_temp.begun('2020-01-01', '2999-01-01'), format('0 to %s', :first + :second), 'all of a log');
select is(pg_temp.begun('2020-01-01', :'moment'), format('0 to %s', :first), 'the end is not in it');
select is(pg_temp.begun(:'moment', '2999-01-01'), format('%s to %s', :first, :first + :second), 'the beginning is');
select is(pg_temp.begun('2999-01-01', '2999-01-02'), format('%1$s to %1$s', :first + :second), 'nothing is in a window of the future');
select results_eq(
    $$ select action, actor, reason, detail - 'since' from remit.audit_log where action = 'events_replay' order by id limit 1 $$,
    format($$ values ('events_replay', session_user::text collate "default", 'ticket 7',
               '{"until": "2999-01-01T00:00:00+00:00", "types": null, "after_position": 0, "until_position": %s}'::jsonb) $$, :first + :second),
    'the log says who, which and why');
select count(*) as rows from remit.audit \gset
select is(pg_temp.begun('2020-01-01', '2999-01-01', array['transfer.posted'], true), format('0 to %s', :first + :second), 'a dry run tells the same');
select is((select count(*) from remit.audit), :rows::bigint, 'and writes nothing');

create function pg_temp.refused(arguments text) returns text language sql as $$
    select pg_temp.refusal(format('select remit_ops_v1.replay_begin(%s)', arguments));
$$;
select is(pg_temp.refused('77, ''2020-01-01'', ''2021-01-01'', null, ''why'''), 'WL009 ledger_id', 'the ledger must be there');
select is(pg_temp.refused('1, null, ''2021-01-01'', null, ''why'''), 'WL001 since', 'there must be a beginning');
select is(pg_temp.refused('1, ''2021-01-01'', ''2021-01-01'', null, ''why'''), 'WL001 until', 'and an end after it');
select is(pg_temp.refused('1, ''2020-01-01'', ''2021-01-01'', ''{transfer.post}'', ''why'''), 'WL001 types', 'types are those of events');
select is(pg_temp.refused('1, ''2020-01-01'', ''2021-01-01'', ''{}'', ''why'''), 'WL001 types', 'at least one');
select is(pg_temp.refused('1, ''2020-01-01'', ''2021-01-01'', null, '' '''), 'WL001 reason', 'somebody says why');
select is(pg_temp.refusal_as('remit_worker', 'select remit_ops_v1.replay_begin(1, null, null, null, null)'), '42501', 'the worker may not');

select * from finish();
rollback;
