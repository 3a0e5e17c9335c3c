begin;
select plan(3);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12, 100);
select remit_worker_v1.relay_lead();
update remit.relay set aside_ids = array(select max(id) from remit.outbox) || 7::bigint;
select results_eq(
    'select event_id, type from remit_ops_v1.outbox_aside()',
    'select event_id, type::text from remit.outbox order by id desc limit 1', 'what is set aside is listed while it is in the outbox');
select is((select count(*) from remit_ops_v1.outbox_aside()), 1::bigint, 'and nothing else');
select pg_advisory_unlock_all();
select is_empty('select * from remit_ops_v1.outbox_aside()', 'without a relay nothing is set aside');

select * from finish();
rollback;
