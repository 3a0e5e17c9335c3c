begin;
select plan(4);
\ir fixture.psql

select pg_temp.wallet(11);
select pg_temp.wallet(12);
select is(remit.wallet_spent(1, pg_temp.id(11), now()), 0::bigint, 'at first it is nothing');
insert into remit.spending (ledger_id, wallet_id, hour, amount, version_first)
select 1, pg_temp.id(11), remit.hour_number(now()) - hours, amount, 1 from (values (0, 1), (23, 10), (24, 100), (25, 1000)) as s (hours, amount);
insert into remit.spending values (1, pg_temp.id(12), remit.hour_number(now()), 5000, 1);
select is(remit.wallet_spent(1, pg_temp.id(11), now()), 111::bigint, 'what left in this hour and the 24 before counts');
select is(remit.wallet_spent(1, pg_temp.id(11), now() + interval '24 hours'), 1::bigint, 'for no more than 25 hours');
select is(remit.wallet_spent(1, pg_temp.id(11), now() - interval '400 days'), 1111::bigint, 'what left while the clock was ahead counts');

select * from finish();
rollback;
