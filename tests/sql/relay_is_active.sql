begin;
select plan(4);

select ok(not remit_worker_v1.relay_is_active(), 'at first no relay is active');
select pg_advisory_lock(1);
select ok(not remit_worker_v1.relay_is_active(), 'other advisory locks do not count');
select remit_worker_v1.relay_lead();
select ok(remit_worker_v1.relay_is_active(), 'then a relay is active');
select pg_advisory_unlock_all();
select ok(not remit_worker_v1.relay_is_active(), 'until the session ends its part');

select * from finish();
rollback;
