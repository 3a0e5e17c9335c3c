begin;
select plan(4);
\ir fixture.psql

create temporary table made as
    select * from remit_v1.user_create(
        1, (pg_temp.id(11), 'Grace', 'grace@example.org', 'customer 7', '{"plan": "basic"}')::remit_v1.user_request);
select results_eq(
    $$ select to_jsonb(u) from remit_v1.user_get(1, pg_temp.id(11)) u $$,
    $$ select to_jsonb(m) from made m $$,
    'a user is what its creation answered');
select pg_temp.ledger(900);
select is(pg_temp.refusal($$ select remit_v1.user_get(1, pg_temp.id(12)) $$), 'WL003 user_id', 'an unknown user is refused');
select is(pg_temp.refusal($$ select remit_v1.user_get(900, pg_temp.id(11)) $$), 'WL003 user_id', 'so is one of another ledger');
select is(pg_temp.refusal($$ select remit_v1.user_get(1, null) $$), 'WL003 user_id', 'so is none');

select * from finish();
rollback;
