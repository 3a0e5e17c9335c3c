begin;
select plan(5);
\ir fixture.psql

select pg_temp.append() \g /dev/null
select results_eq('select events, oldest_at, newest_at from remit_v1.outbox_lag()', $$ values (0::bigint, null::timestamptz, null::timestamptz) $$,
                  'nothing waits, nothing is old');
select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
update remit.outbox set created_at = '2024-01-01 00:00:00+00';
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 1), pg_temp.request(102, 11, 12, 1000)),
          '{posted,insufficient_funds}', 'two more events');
select results_eq('select events, oldest_at, newest_at from remit_v1.outbox_lag()',
                  $$ select count(*), '2024-01-01 00:00:00+00'::timestamptz, (select max(o.created_at) from remit.outbox o) from pg_temp.waiting $$,
                  'all are counted, the oldest and the newest are told');
select cmp_ok((select count(*) from remit_worker_v1.outbox_append((select count(*)::integer from remit.outbox where created_at < '2024-01-02'))), '>=', 4::bigint, 'the oldest leave');
select results_eq('select events, oldest_at from remit_v1.outbox_lag()',
                  $$ select 3::bigint, created_at from remit.transfers where id = pg_temp.id(101) $$, 'the next is told: two, and what a person did');

select * from finish();
rollback;
