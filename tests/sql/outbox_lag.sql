begin;
select plan(5);
\ir fixture.psql

select results_eq('select events, oldest_at, newest_at from remit_v1.outbox_lag()', $$ values (0::bigint, null::timestamptz, null::timestamptz) $$,
                  'nothing waits, nothing is old');
select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
update remit.outbox set created_at = '2024-01-01 00:00:00+00';
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 1), pg_temp.request(102, 11, 12, 1000)),
          '{posted,insufficient_funds}', 'two more events');
select results_eq('select events, oldest_at, newest_at from remit_v1.outbox_lag()',
                  $$ select 3::bigint, '2024-01-01 00:00:00+00'::timestamptz, created_at from remit.transfers where id = pg_temp.id(102) $$, 'all are counted, the oldest and the newest are told');
select is(remit_worker_v1.outbox_settle(1, (select array_agg(id) from remit_worker_v1.outbox_read(1))), 1, 'the oldest leaves');
select results_eq('select events, oldest_at, newest_at from remit_v1.outbox_lag()',
                  $$ select 2::bigint, created_at, created_at from remit.transfers where id = pg_temp.id(101) $$, 'the next is told');

select * from finish();
rollback;
