begin;
select plan(6);

select is(remit.relay_holder(), null, 'at first no relay is active');
select ok(remit_worker_v1.relay_lead(), 'a session leads');
select is(remit.relay_holder(), pg_backend_pid(), 'it is the holder');
select pg_advisory_unlock_all();
select is(remit.relay_holder(), null, 'until it ends its part');
select pg_advisory_lock_shared(lock_number) from remit.relay;
select is(remit.relay_holder(), null, 'a shared lock leads nothing');
select pg_advisory_unlock_all();
update remit.relay set lock_number = 7;
select pg_advisory_lock(0, 7);
select is(remit.relay_holder(), null, 'nor does the lock of two numbers');
select pg_advisory_unlock_all();

select * from finish();
rollback;
