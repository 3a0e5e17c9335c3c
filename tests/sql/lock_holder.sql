begin;
select plan(5);

select is(remit.lock_holder(77), null, 'nobody holds a lock');
select pg_advisory_lock(77);
select is(remit.lock_holder(77), pg_backend_pid(), 'but who takes it');
select is(remit.lock_holder(78), null, 'and no other');
select pg_advisory_unlock_all();
select pg_advisory_lock_shared(77);
select is(remit.lock_holder(77), null, 'a shared lock does not count');
select pg_advisory_unlock_all();
select pg_advisory_lock(0, 77);
select is(remit.lock_holder(77), null, 'nor does the lock of two numbers');
select pg_advisory_unlock_all();

select * from finish();
rollback;
