begin;
select plan(4);
\ir fixture.psql

update remit.outbox set created_at = clock_timestamp();
select results_eq('select events_wait, archive_fails from remit_ops_v1.standstill()', $$ values (false, false) $$, 'nothing waits');
select pg_temp.wallet(11, 100);
select pg_temp.wallet(12, 100);
update remit.outbox set created_at = clock_timestamp();
select is((select events_wait from remit_ops_v1.standstill()), false, 'new events do not wait for long');
update remit.outbox set created_at = clock_timestamp() - interval '11 s' where id = (select max(id) from remit.outbox);
select is((select events_wait from remit_ops_v1.standstill()), false, 'the oldest is the first in order');
update remit.outbox set created_at = clock_timestamp() - interval '11 s' where id = (select min(id) from remit.outbox);
select is((select events_wait from remit_ops_v1.standstill()), true, 'one of more than 10 s ago waits');

select * from finish();
rollback;
