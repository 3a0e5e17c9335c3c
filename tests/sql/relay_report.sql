begin;
select plan(10);
\ir fixture.psql

select is(remit_worker_v1.relay_report(true, '{1}'), false, 'a session that does not lead is not believed');
select results_eq('select broker_blocked, events_aside from remit_ops_v1.standstill()', $$ values (false, 0) $$, 'and leaves nothing');
select ok(remit_worker_v1.relay_lead(), 'this session leads');
select is(remit_worker_v1.relay_report(true, '{1,2}'), true, 'the active relay is believed');
select results_eq('select broker_blocked, events_aside from remit_ops_v1.standstill()', $$ values (true, 2) $$, 'standstill says it');
select is(remit_worker_v1.relay_report(false, '{}'), true, 'later it says that all is well');
select results_eq('select broker_blocked, events_aside from remit_ops_v1.standstill()', $$ values (false, 0) $$, 'standstill says that too');
select is(pg_temp.refusal(statement), expected, description)
  from (values ($$ select remit_worker_v1.relay_report(null, '{}') $$, 'WL001 broker_blocked', 'it says whether'),
               ($$ select remit_worker_v1.relay_report(true, null) $$, 'WL001 aside_ids', 'and which'),
               ($$ select remit_worker_v1.relay_report(true, array_fill(1::bigint, array[10001])) $$, 'WL001 aside_ids', 'not too many'))
       as t (statement, expected, description);
select pg_advisory_unlock_all();

select * from finish();
rollback;
