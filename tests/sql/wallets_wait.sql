begin;
select plan(4);
\ir fixture.psql

-- Waiting takes two sessions and is tested elsewhere; here: which rows are locked, as their xmax
-- tells.
select pg_temp.wallet(11);
select pg_temp.wallet(12);
select pg_temp.wallet(13);
select pg_temp.ledger(900);
do $$ begin perform remit_v1.user_create(900, (pg_temp.id(1), 'Ada', null, null, null)::remit_v1.user_request); end; $$;
select pg_temp.wallet(13, ledger_id => 900);
select is_empty($$ select id from remit.wallets where xmax <> '0' $$, 'nothing is locked at first');
select lives_ok($$ select remit.wallets_wait(1, array[pg_temp.id(13), pg_temp.id(99), null, pg_temp.id(11), pg_temp.id(13)]) $$,
                'ids that are unknown, null or repeated do no harm');
select results_eq(
    $$ select ledger_id, pg_temp.number(id) from remit.wallets where xmax <> '0' order by ledger_id, id $$,
    $$ values (1::bigint, 11), (1, 13) $$,
    'the wallets named are locked, and no others');
select lives_ok($$ select remit.wallets_wait(1, null) $$, 'no wallets, no wait');

select * from finish();
rollback;
