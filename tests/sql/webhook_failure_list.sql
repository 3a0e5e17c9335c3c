begin;
select plan(5);
\ir fixture.psql
\ir webhooks.psql

select remit_worker_v1.webhooks_record(array[pg_temp.report(id, 9, '{}', pg_temp.failed(3), pg_temp.failed(1), pg_temp.failed(2, 0))]) from hook;
select results_eq('select f.position, f.attempts from hook, remit_v1.webhook_failure_list(1, id, null, 10) f',
    $$ values (1::bigint, 1), (2, 0), (3, 1) $$, 'failures are listed in order');
select results_eq('select f.position from hook, remit_v1.webhook_failure_list(1, id, 1, 1) f', $$ values (2::bigint) $$, 'page by page');
select is(pg_temp.refusal(format('select remit_v1.webhook_failure_list(1, %L, null, %s)', id, size)), 'WL001 request_limit', 'a page has 1 to 1000')
  from hook, unnest(array['0', '1001']) size;
select is(pg_temp.refusal($$ select remit_v1.webhook_failure_list(1, pg_temp.id(1), null, 1) $$), 'WL026 webhook_id', 'a webhook is there');

select * from finish();
rollback;
