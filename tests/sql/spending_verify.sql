begin;
select plan(6);
\ir fixture.psql

select pg_temp.wallet(11, 1000);
select pg_temp.wallet(12);
do $$
begin
    perform pg_temp.outcomes(pg_temp.request(101, 11, 12, 1), pg_temp.request(102, 11, 12, 20));
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), null, 500, 'a test');
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(12), null, 500, 'a test');
    perform pg_temp.outcomes(pg_temp.request(103, 11, 12, 300), pg_temp.request(104, 12, 11, 4));
    update remit.spending set hour = hour - 9; -- Time goes on.
    perform pg_temp.outcomes(pg_temp.request(105, 11, 12, 50));
end;
$$;
select is_empty('select * from remit.spending_verify(1)', 'what was counted is what left');
select is((select array_agg(amount::bigint order by wallet_id, hour) from remit.spending), '{321,50,4}', 'by the hour');
update remit.spending set amount = amount - 1 where amount = 321;
select results_eq('select rule, subject, detail - ''hour'' from remit.spending_verify(1)',
    $$ select 'spending_is_what_left', 'wallet ' || pg_temp.id(11), '{"amount": 320, "expected": 321}'::jsonb $$, 'an amount that was changed is named');
select is((select count(*) from remit_ops_v1.verify(1)), 1::bigint, 'also by verify');
delete from remit.spending where amount = 50;
select is((select count(*) from remit.spending_verify(1)), 1::bigint, 'so is an hour that was removed');
delete from remit.spending where wallet_id = pg_temp.id(12);
select results_eq($$ select rule, subject from remit.spending_verify(1) where rule like 'limited%' $$,
    $$ select 'limited_wallet_counts_what_leaves', 'wallet ' || pg_temp.id(12) $$, 'and a wallet that has a limit and counts nothing');

select * from finish();
rollback;
