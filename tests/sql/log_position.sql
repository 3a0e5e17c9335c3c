begin;
select plan(3);
\ir fixture.psql

select is(remit.log_position(1), 0::bigint, 'an empty log is at 0');
select is((select count(*) from remit_worker_v1.outbox_append(10000)), 1::bigint, 'an event');
select is(remit.log_position(1), 1::bigint, 'its position is the log''s');

select * from finish();
rollback;
