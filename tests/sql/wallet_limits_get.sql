begin;
select plan(5);
\ir fixture.psql

select pg_temp.wallet(11);
select results_eq('select * from remit_v1.wallet_limits_get(1, pg_temp.id(11))', $$ values (null::bigint, null::bigint, null::bigint) $$, 'at first there is no limit');
update remit.wallets set transfer_max = 5, daily_max = 9 where id = pg_temp.id(11);
insert into remit.spending values (1, pg_temp.id(11), remit.hour_number(now()), 7, 1);
select results_eq('select * from remit_v1.wallet_limits_get(1, pg_temp.id(11))', $$ values (5::bigint, 9::bigint, 7::bigint) $$, 'limits come with what was spent');
select pg_temp.key('own', 'user', 1);
select results_eq($$ select * from remit_v1.wallet_limits_get(1, pg_temp.id(11), sha256('own')) $$, $$ values (5::bigint, 9::bigint, 7::bigint) $$, 'its user may ask');
do $$ begin perform remit_v1.user_create(1, (pg_temp.id(2), 'Grace', null, null, null)::remit_v1.user_request); end; $$;
select is(pg_temp.refusal(format('select remit_v1.wallet_limits_get(1, pg_temp.id(11), %L)', pg_temp.key('foreign', 'user', 2))), 'WL002 wallet_id', 'another may not');
select is(pg_temp.refusal('select remit_v1.wallet_limits_get(1, pg_temp.id(12))'), 'WL002 wallet_id', 'an unknown wallet is not found');

select * from finish();
rollback;
