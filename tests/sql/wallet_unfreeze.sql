begin;
select plan(9);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select is((remit_ops_v1.wallet_unfreeze(1, pg_temp.id(11), 'a test')).status_version, 0::bigint, 'a wallet that is not frozen is left alone');
select is_empty($$ select number from pg_temp.waiting where type like '%frozen' $$, 'and nothing told');
select lives_ok($$ select remit_ops_v1.wallet_freeze(1, pg_temp.id(11), 'a test') $$, 'it is frozen');
create temporary table unfrozen as select * from remit_ops_v1.wallet_unfreeze(1, pg_temp.id(11), 'a test');
select results_eq(
    $$ select pg_temp.number(id), status::text, balance, version, status_version from unfrozen $$,
    $$ values (11, 'active', 100::bigint, 1::bigint, 2::bigint) $$,
    'the result is the active wallet');
select results_eq(
    $$ select pg_temp.number(subject_id), data::jsonb, created_at from pg_temp.waiting where type = 'wallet.unfrozen' $$,
    $$ select 11, jsonb_build_object('wallet_id', id, 'status', 'active', 'status_version', 2), updated_at from unfrozen $$,
    'one event tells of it');
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 1), pg_temp.request(102, 12, 11, 1)), '{posted,posted}',
          'it pays and receives again');
select is((remit_ops_v1.wallet_unfreeze(1, pg_temp.id(11), 'a test')).status_version, 2::bigint, 'unfreezing it again changes nothing');
select is((select count(*) from pg_temp.waiting where type = 'wallet.unfrozen'), 1::bigint, 'and tells nothing');
select is(pg_temp.refusal($$ select remit_ops_v1.wallet_unfreeze(1, pg_temp.id(99), 'a test') $$), 'WL002 wallet_id', 'an unknown wallet is refused');

select * from finish();
rollback;
