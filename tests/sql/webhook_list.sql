begin;
select plan(5);
\ir fixture.psql
\ir webhooks.psql

insert into remit.ledgers (ledger_id, name) values (900, 'another');
select remit_v1.webhook_create(900, ('https://other.example', null, null)::remit_v1.webhook_request);
select pg_temp.hook('https://second.example');
select results_eq('select url from remit_v1.webhook_list(1)', $$ values ('https://hooks.example/remit'), ('https://second.example') $$, 'webhooks are listed, oldest first');
select is((select array_agg(l) from remit_v1.webhook_list(1) l), (select array_agg(g order by g.created_at) from remit.webhooks w, remit_v1.webhook_get(1, w.id) g where w.ledger_id = 1), 'as each is told');
select is((select count(*) from remit_v1.webhook_list(900)), 1::bigint, 'those of another ledger are its own');
select is(pg_temp.refusal('select remit_v1.webhook_list(900000)'), 'WL009 ledger_id', 'a ledger is there');
select is(pg_temp.refusal($$ select remit_v1.webhook_list(1, sha256('nobody')) $$), 'WL016', 'an unknown key sees none');

select * from finish();
rollback;
