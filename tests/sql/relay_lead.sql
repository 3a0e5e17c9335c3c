begin;
select plan(5);

-- That a second session stands by takes two sessions and is tested elsewhere.
select ok(remit_worker_v1.relay_lead(), 'the lock is free: this session leads');
select ok(remit_worker_v1.relay_lead(), 'it still leads when it asks again');
select results_eq(
    $$ select mode, granted, database = (select oid from pg_database where datname = current_database())
         from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() $$,
    $$ values ('ExclusiveLock', true, true) $$,
    'by one exclusive lock of this database');
savepoint before_rollback;
select ok(remit_worker_v1.relay_lead(), 'leading');
rollback to before_rollback;
select isnt_empty(
    $$ select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() $$,
    'outlives a transaction that is rolled back');

select * from finish();
rollback;
