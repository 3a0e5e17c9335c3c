begin;
select plan(5);
\ir fixture.psql

select pg_temp.wallet(11, 1000);
select pg_temp.wallet(12);
do $$ begin perform remit_worker_v1.outbox_append(1000); end; $$;
create temporary table began as select remit.log_position(1) as position;
select pg_temp.post(pg_temp.request(101, 11, 12, 10), pg_temp.request(102, 11, 12, 5000), pg_temp.request(103, 11, 12, 20)) \g /dev/null
do $$ begin perform remit_worker_v1.outbox_append(1000); end; $$;
create function pg_temp.found(after integer, until integer, number integer) returns bigint language sql as $$
    select remit.log_match(1, b.position + after, b.position + until, '{transfer.posted}', number) - b.position from began b;
$$;
select is(pg_temp.found(0, 3, 1), 1::bigint, 'the first');
select is(pg_temp.found(0, 3, 2), 3::bigint, 'the second');
select is(pg_temp.found(0, 3, 3), null, 'there is no third');
select is(pg_temp.found(1, 3, 1), 3::bigint, 'it begins after a position');
select is(pg_temp.found(0, 2, 2), null, 'and ends at another');

select * from finish();
rollback;
