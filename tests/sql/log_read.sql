begin;
select plan(8);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.append() \g /dev/null
select results_eq('select to_jsonb(e) from remit_worker_v1.log_read(1, 1, 2) e', 'select to_jsonb(e) from remit.log_slice(1, 1, 3) e', 'so many events after a position');
select is_empty('select * from remit_worker_v1.log_read(1, 1000, 10)', 'none behind the last');
select is_empty('select * from remit_worker_v1.log_read(77, 0, 10)', 'none of a ledger that is not there');
select is(pg_temp.refusal(statement), expected, description)
  from (values ('select remit_worker_v1.log_read(null, 0, 1)', 'WL001 ledger_id', 'the ledger must be said'),
               ('select remit_worker_v1.log_read(1, null, 1)', 'WL001 after', 'and after which position'),
               ('select remit_worker_v1.log_read(1, -1, 1)', 'WL001 after', '0 or more'),
               ('select remit_worker_v1.log_read(1, 0, 0)', 'WL001 event_limit', 'and how many'),
               ('select remit_worker_v1.log_read(1, 0, 10001)', 'WL001 event_limit', 'not too many')) as c (statement, expected, description);

select * from finish();
rollback;
