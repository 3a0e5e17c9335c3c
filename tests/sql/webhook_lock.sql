begin;
select plan(3);
\ir fixture.psql
\ir webhooks.psql

select is((remit.webhook_lock(1, id)).id, id, 'a webhook is found') from hook;
select is((select count(*) from remit.webhooks where xmax <> '0'), 1::bigint, 'and locked');
select is(pg_temp.refusal($$ select remit.webhook_lock(1, pg_temp.id(1)) $$), 'WL026 webhook_id', 'another is not');

select * from finish();
rollback;
