begin;
select plan(2);
\ir fixture.psql
\ir webhooks.psql

select remit_worker_v1.webhooks_record(array[pg_temp.report(id, 9, '{}', pg_temp.failed(2, 0), pg_temp.failed(1))]) from hook;
select results_eq('select f.position, f.subject_ids, f.attempts, f.outcome::text from hook, remit_worker_v1.webhook_failures_read(1, id) f',
    $$ values (1::bigint, array[pg_temp.id(11)], 1, 'refused'), (2, array[pg_temp.id(11)], 0, null) $$, 'all that failed is read, in order');
select is((select count(*) from remit_worker_v1.webhook_failures_read(1, pg_temp.id(1))), 0::bigint, 'of one webhook');

select * from finish();
rollback;
