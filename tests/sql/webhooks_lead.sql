begin;
select plan(5);

-- That a second session stands by takes sessions and is tested elsewhere.
select ok(remit_worker_v1.webhooks_lead(), 'a session leads');
select is(remit.lock_holder(lock_number), pg_backend_pid(), 'it holds the lock') from remit.webhooks_lead;
select ok(remit_worker_v1.webhooks_lead(), 'it still leads when it asks again');
select is(remit.relay_holder(), null, 'it is no relay');
select pg_advisory_unlock_all();
select ok(remit_worker_v1.webhooks_lead(), 'where nobody leads, it leads again');
select pg_advisory_unlock_all();

select * from finish();
rollback;
