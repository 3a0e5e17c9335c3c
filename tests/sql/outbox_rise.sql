begin;
select plan(9);
\ir fixture.psql

select pg_temp.wallet(11, 1);
create temporary table last as select max(id) as id from remit.outbox;
create temporary table ages as
    select pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1 as ended, pg_current_xact_id()::text::bigint as open;

-- To what a floor rises. All numbers but the transaction's count from the last event's.
create function pg_temp.rise(floor bigint, mark bigint, xid bigint) returns bigint language sql as $$
    select remit_worker_v1.outbox_rise(id + floor, (id + mark, xid)::remit_worker_v1.outbox_mark) - id from last;
$$;

select is(pg_temp.rise(-1500, -1201, open), null, 'no floor while a transaction from before the mark is open') from ages;
select is(pg_temp.rise(-1500, -1201, null), null, 'nor of a mark without one');
select is(pg_temp.rise(-1500, -1201, ended), -1200::bigint, 'the number behind the mark when all have ended') from ages;
select is(pg_temp.rise(-1500, 5000, ended), 0::bigint, 'but not above an event that waits') from ages;
select is(pg_temp.rise(1, 5000, ended), 5001::bigint, 'what is below the floor is not looked at') from ages;
select is(pg_temp.rise(null, 5000, ended), null, 'without a floor there is none to rise') from ages;

select pg_temp.append() \g /dev/null
select is(pg_temp.rise(-1500, 5000, ended), 5001::bigint, 'what has left is passed') from ages;
select is(pg_temp.rise(-1500, 5000, open), null, 'when all have ended') from ages;
select is(remit_worker_v1.outbox_rise(0, (0, ended)::remit_worker_v1.outbox_mark), 1::bigint,
          'before the first event the floor is the first number') from ages;

select * from finish();
rollback;
