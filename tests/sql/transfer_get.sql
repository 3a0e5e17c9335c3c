begin;
select plan(6);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
create temporary table made as
    select * from pg_temp.post(
        pg_temp.request(101, 11, 12, 40, 'USD', 'rent', '{"a": "b"}', 'request-1'), pg_temp.request(102, 11, 12, 1000));
select results_eq(
    $$ select to_jsonb(t) from remit_v1.transfer_get(1, pg_temp.id(101)) t $$,
    $$ select to_jsonb(m) || '{"reversed": 0, "reversal_ids": []}' from made m where m.id = pg_temp.id(101) $$,
    'a posted transfer is what posting it answered, and that nothing of it was reversed');
select results_eq(
    $$ select to_jsonb(t) from remit_v1.transfer_get(1, pg_temp.id(102)) t $$,
    $$ select to_jsonb(m) || '{"reversed": 0, "reversal_ids": []}' from made m where m.id = pg_temp.id(102) $$,
    'so is a rejected one');
select is((remit_v1.transfer_get(1, pg_temp.id(102))).outcome, 'insufficient_funds', 'with its reason');
select pg_temp.ledger(900);
select is(pg_temp.refusal($$ select remit_v1.transfer_get(1, pg_temp.id(103)) $$), 'WL004 transfer_id', 'an unknown transfer is refused');
select is(pg_temp.refusal($$ select remit_v1.transfer_get(900, pg_temp.id(101)) $$), 'WL004 transfer_id', 'so is one of another ledger');
select is(pg_temp.refusal($$ select remit_v1.transfer_get(1, null) $$), 'WL004 transfer_id', 'so is none');

select * from finish();
rollback;
