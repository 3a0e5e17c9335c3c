begin;
select plan(3);

-- That a second session stands by takes two sessions and is tested elsewhere.
savepoint before_leading;
do $$ begin perform remit_worker_v1.relay_lead(); end; $$;
rollback to before_leading;
select results_eq(
    $$ select mode, granted, database = (select oid from pg_database where datname = current_database())
         from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() $$,
    $$ values ('ExclusiveLock', true, true) $$,
    'leading is one exclusive lock of this database, which outlives a transaction that is rolled back');
select ok(remit_worker_v1.relay_lead(), 'the session that leads still leads when it asks again');
select pg_advisory_unlock_all();
select ok(remit_worker_v1.relay_lead(), 'a free lock is taken');

select * from finish();
rollback;
