begin;
select plan(6);

-- That a second session stands by, and that no other role can lead or keep a relay from leading,
-- takes sessions and is tested elsewhere.
select ok(remit_worker_v1.relay_lead(), 'a session leads');
create temporary table numbers as select r.lock_number from remit.relay r;
select results_eq(
    $$ select mode, granted, database = (select oid from pg_database where datname = current_database()),
              (classid::bigint << 32 | objid::bigint) = (select n.lock_number from numbers n)
         from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() $$,
    $$ values ('ExclusiveLock', true, true, true) $$,
    'leading is one exclusive lock of this database, whose number is in the table');
select ok(remit_worker_v1.relay_lead(), 'the session that leads still leads when it asks again');
select is((select r.lock_number from remit.relay r), (select n.lock_number from numbers n), 'with the same number');
select pg_advisory_unlock_all();
select ok(remit_worker_v1.relay_lead(), 'where nobody leads, it leads again');
select isnt((select r.lock_number from remit.relay r), (select n.lock_number from numbers n), 'with another number');
select pg_advisory_unlock_all();

select * from finish();
rollback;
