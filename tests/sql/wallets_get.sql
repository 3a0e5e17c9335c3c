begin;
select plan(6);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select pg_temp.wallet(13);
select pg_temp.ledger(900);
do $$ begin perform remit_v1.user_create(900, (pg_temp.id(1), 'Ada', null, null, null)::remit_v1.user_request); end; $$;
select pg_temp.wallet(14, ledger_id => 900);
select set_eq(
    $$ select to_jsonb(r) - 'replayed' from remit_v1.wallets_get(1, array[pg_temp.id(12), pg_temp.id(11)]) r $$,
    $$ select to_jsonb(w) - array['ledger_id', 'transfer_max', 'daily_max', 'counted_from', 'created_as'] from remit.wallets w where w.id in (pg_temp.id(11), pg_temp.id(12)) $$,
    'the wallets named are what their rows say');
select results_eq(
    $$ select pg_temp.number(id) from remit_v1.wallets_get(
           1, array[pg_temp.id(12), pg_temp.id(99), null, pg_temp.id(14), pg_temp.id(12), pg_temp.id(11)]) $$,
    array[12, null, null, null, 12, 11], 'a row for each id in order, of nulls for an unknown id and another ledger''s');
select is_empty($$ select * from remit_v1.wallets_get(1, '{}') $$, 'no ids, no wallets');
select is_empty($$ select * from remit_v1.wallets_get(1, null) $$, 'nor for null');
create temporary table scans_before as select pg_stat_get_xact_numscans('remit.wallets'::regclass) as count;
select is((select count(*) from remit_v1.wallets_get(1, array[pg_temp.id(11)])), 1::bigint, 'a wallet is found');
select is(pg_stat_get_xact_numscans('remit.wallets'::regclass), b.count,
          'without a sequential scan, however small the table') from scans_before b;

select * from finish();
rollback;
