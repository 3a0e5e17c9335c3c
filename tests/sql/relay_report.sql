begin;
select plan(8);
\ir fixture.psql

select is(remit_worker_v1.relay_report(true), false, 'a session that does not lead is not believed');
select is((select broker_blocked from remit_ops_v1.standstill()), false, 'and leaves nothing');
select ok(remit_worker_v1.relay_lead(), 'this session leads');
select is(remit_worker_v1.relay_report(true), true, 'the active relay is believed');
select is((select broker_blocked from remit_ops_v1.standstill()), true, 'standstill says it');
select is(remit_worker_v1.relay_report(false), true, 'later it says that all is well');
select is((select broker_blocked from remit_ops_v1.standstill()), false, 'standstill says that too');
select is(pg_temp.refusal('select remit_worker_v1.relay_report(null)'), 'WL001 broker_blocked', 'it says whether');
select pg_advisory_unlock_all();

select * from finish();
rollback;
