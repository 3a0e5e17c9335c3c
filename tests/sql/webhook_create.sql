begin;
select plan(1);
\ir fixture.psql
select lives_ok($$select remit_v1.webhook_create(1, ('https://a.example/x', null, null)::remit_v1.webhook_request)$$);
select * from finish();
rollback;
