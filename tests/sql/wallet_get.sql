begin;
select plan(5);
\ir fixture.psql

select pg_temp.wallet(11, 100, floor => -50);
update remit.wallets set held = 30, reference = 'savings', metadata = '{"a": "b"}' where id = pg_temp.id(11);
select results_eq(
    $$ select to_jsonb(r) - 'replayed' from remit_v1.wallet_get(1, pg_temp.id(11)) r $$,
    $$ select to_jsonb(w) - array['ledger_id', 'transfer_max', 'daily_max', 'counted_from', 'created_as'] from remit.wallets w where w.id = pg_temp.id(11) $$,
    'a wallet is what its row says');
select results_eq(
    $$ select balance, held, floor, version, status_version, replayed from remit_v1.wallet_get(1, pg_temp.id(11)) $$,
    $$ values (100::bigint, 30::bigint, -50::bigint, 1::bigint, 0::bigint, false) $$,
    'field by field');
select pg_temp.ledger(900);
select is(pg_temp.refusal($$ select remit_v1.wallet_get(1, pg_temp.id(12)) $$), 'WL002 wallet_id', 'an unknown wallet is refused');
select is(pg_temp.refusal($$ select remit_v1.wallet_get(900, pg_temp.id(11)) $$), 'WL002 wallet_id', 'so is one of another ledger');
select is(pg_temp.refusal($$ select remit_v1.wallet_get(1, null) $$), 'WL002 wallet_id', 'so is none');

select * from finish();
rollback;
