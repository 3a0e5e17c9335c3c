begin;
select plan(4);
\ir fixture.psql
\ir webhooks.psql

select remit_worker_v1.webhooks_record(array[pg_temp.report(id, 7)]) from hook;
select results_eq('select g.url, g.position, g.outcome::text, g.answer_status, g.failing_since from hook, remit_v1.webhook_get(1, id) g',
    $$ values ('https://hooks.example/remit', 7::bigint, 'delivered', 200, null::timestamptz) $$, 'a webhook is told, with how far it is');
select is(pg_temp.refusal($$ select remit_v1.webhook_get(1, pg_temp.id(1)) $$), 'WL026 webhook_id', 'another is not');
insert into remit.ledgers (ledger_id, name) values (900, 'another');
select is(pg_temp.refusal(format('select remit_v1.webhook_get(900, %L)', id)), 'WL026 webhook_id', 'nor that of another ledger') from hook;
select pg_temp.key('reader', 'reader');
select is(pg_temp.refusal(format('select remit_v1.webhook_get(1, %L, sha256(''reader''))', id)), 'WL017', 'a reader sees none') from hook;

select * from finish();
rollback;
