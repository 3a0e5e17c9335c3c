begin;
select plan(8);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12, 100);
select count(*) as events from remit_worker_v1.outbox_append(1000) \gset
select remit_worker_v1.event_set_aside(1, 1, 'too large'), remit_worker_v1.event_set_aside(1, 2, 'too large');
create function pg_temp.removed(positions bigint[]) returns bigint language sql as $$
    select remit_ops_v1.events_aside_remove(1, positions, 'ticket 7');
$$;
select is(pg_temp.removed('{2,9}'), 1::bigint, 'what is listed is removed');
select is((select array_agg(a.position) from remit.events_aside a), '{1}', 'and nothing else');
select results_eq(
    $$ select action, actor, reason, subject_ids from remit.audit_log where action = 'events_aside_replay' $$,
    $$ select 'events_aside_replay', session_user::text collate "default", 'ticket 7', array[e.id]
         from remit_worker_v1.log_read(1, 1, 1) e $$,
    'the log says who, which event and why');
select is(pg_temp.removed('{2}'), 0::bigint, 'what is not listed is no error');
select is((select count(*) from remit.audit where action = 'events_aside_replay'), 1::bigint, 'and writes nothing');
select is(pg_temp.refusal('select remit_ops_v1.events_aside_remove(1, ''{}'', ''why'')'), 'WL001 positions', 'at least one');
select is(pg_temp.refusal('select remit_ops_v1.events_aside_remove(1, ''{1}'', '' '')'), 'WL001 reason', 'somebody says why');
select is(pg_temp.refusal_as('remit_worker', 'select remit_ops_v1.events_aside_remove(1, ''{1}'', ''why'')'), '42501', 'the worker may not');

select * from finish();
rollback;
