begin;
select plan(9);
\ir fixture.psql

select pg_temp.wallet(11, 500);
create temporary table first_answer as select * from remit_v1.wallet_get(1, pg_temp.id(11));
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 1)), '{"wallet_not_found target_id"}', 'nothing moves yet');
select pg_temp.wallet(12);
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 500)), '{posted}', 'the balance moves');
select lives_ok($$ select remit_ops_v1.wallet_freeze(1, pg_temp.id(11), 'a test') $$, 'the wallet is frozen');
select results_eq(
    $$ select to_jsonb(r) from remit.wallet_replay(1, pg_temp.id(11), (
           pg_temp.id(11), pg_temp.id(1), 'USD', 500, 0, null, null, null)::remit_v1.wallet_request) r $$,
    $$ select to_jsonb(f) || '{"replayed": true}' from first_answer f $$,
    'the answer is that of the creation');
select is(
    pg_temp.refusal($$ select remit.wallet_replay(1, pg_temp.id(11), (
        pg_temp.id(11), pg_temp.id(1), 'USD', 499, 0, null, null, null)::remit_v1.wallet_request) $$),
    'WL005 id', 'other content is refused');
select is(
    pg_temp.refusal($$ select remit.wallet_replay(1, pg_temp.id(13), (
        pg_temp.id(13), pg_temp.id(1), 'USD', 0, 0, null, null, null)::remit_v1.wallet_request) $$),
    'P0002', 'a wallet that does not exist is a mistake of the caller');

-- What is changed later breaks no retry.
update remit.wallets set reference = 'later', metadata = '{"later": "yes"}', floor = -7 where id = pg_temp.id(11);
select results_eq(
    $$ select to_jsonb(r) from remit.wallet_replay(1, pg_temp.id(11), (
           pg_temp.id(11), pg_temp.id(1), 'USD', 500, 0, null, null, null)::remit_v1.wallet_request) r $$,
    $$ select to_jsonb(f) || '{"replayed": true}' from first_answer f $$,
    'the answer stays that of the creation');

-- Anybody may take the id that the transfer of an initial balance would have had.
select is(
    (select r.outcome::text from pg_temp.post((
        remit.initial_transfer_id(pg_temp.id(12)), pg_temp.id(12), pg_temp.id(11), 9999, null, null, null, null
        )::remit_v1.transfer_request) r),
    'wallet_frozen', 'the id is taken by a transfer');
select is(
    (select array[r.balance, r.version] from remit.wallet_replay(1, pg_temp.id(12), (
        pg_temp.id(12), pg_temp.id(1), 'USD', 0, 0, null, null, null)::remit_v1.wallet_request) r),
    array[0::bigint, 0], 'the answer is still that of the creation');

select * from finish();
rollback;
