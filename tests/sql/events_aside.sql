begin;
select plan(3);
\ir fixture.psql

select is_empty('select * from remit_ops_v1.events_aside()', 'nothing is set aside');
select pg_temp.wallet(11);
select pg_temp.append() \g /dev/null
select remit_worker_v1.event_set_aside(1, 2, 'too large');
select results_eq('select ledger_id, position, type, subject_id, reason from remit_ops_v1.events_aside()',
    $$ values (1::bigint, 2::bigint, 'wallet.created', pg_temp.id(11), 'too large') $$, 'then an event is');
select is((select event_id from remit_ops_v1.events_aside()), (select b.event_ids[2] from remit.log_blocks b), 'with its id');

select * from finish();
rollback;
