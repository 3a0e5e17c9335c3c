begin;
select plan(9);
\ir fixture.psql

select pg_temp.append() \g /dev/null
select lives_ok($$ select remit_worker_v1.event_set_aside(1, 1, 'too large') $$, 'an event is set aside');
select lives_ok($$ select remit_worker_v1.event_set_aside(1, 1, 'again') $$, 'twice does no harm');
select results_eq('select ledger_id, position, reason from remit.events_aside', $$ values (1::bigint, 1::bigint, 'too large') $$, 'the first reason stays');
select is(pg_temp.refusal(statement), expected, description)
  from (values ($$ select remit_worker_v1.event_set_aside(null, 1, 'x') $$, 'WL001 ledger_id', 'the ledger must be said'),
               ($$ select remit_worker_v1.event_set_aside(1, null, 'x') $$, 'WL001 position', 'and the position'),
               ($$ select remit_worker_v1.event_set_aside(1, 2, 'x') $$, 'WL001 position', 'of an event that is there'),
               ($$ select remit_worker_v1.event_set_aside(1, 0, 'x') $$, 'WL001 position', 'they count from 1'),
               ($$ select remit_worker_v1.event_set_aside(1, 1, '') $$, 'WL001 reason', 'and why'),
               ($$ select remit_worker_v1.event_set_aside(1, 1, repeat('é', 251)) $$, 'WL001 reason', 'in short')) as c (statement, expected, description);

select * from finish();
rollback;
