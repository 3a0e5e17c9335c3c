begin;
select plan(8);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12, 100);
create temporary table events_before as select max(id) as id from remit.outbox;
create temporary table frozen as select * from remit_ops_v1.wallet_freeze(1, pg_temp.id(11), 'a test');
select results_eq(
    $$ select pg_temp.number(id), status::text, balance, version, status_version from frozen $$,
    $$ values (11, 'frozen', 100::bigint, 1::bigint, 1::bigint) $$,
    'the result is the frozen wallet');
select results_eq(
    $$ select type::text, pg_temp.number(subject_id), data::jsonb, created_at from pg_temp.waiting where number > (select id from events_before) and type <> 'operator.acted' $$,
    $$ select 'wallet.frozen', 11, jsonb_build_object('wallet_id', id, 'status', 'frozen', 'status_version', 1), updated_at from frozen $$,
    'one event tells of it');
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 1), pg_temp.request(102, 12, 11, 1)), '{wallet_frozen,wallet_frozen}',
          'it neither pays nor receives');
select results_eq(
    $$ select to_jsonb(w) from remit_ops_v1.wallet_freeze(1, pg_temp.id(11), 'a test') w $$, $$ select to_jsonb(f) from frozen f $$,
    'freezing it again changes nothing');
select is((select count(*) from pg_temp.waiting where type = 'wallet.frozen'), 1::bigint, 'and tells nothing');
select is((remit_v1.wallet_get(1, pg_temp.id(12))).status, 'active', 'another wallet stays as it is');
select is(pg_temp.refusal($$ select remit_ops_v1.wallet_freeze(1, pg_temp.id(99), 'a test') $$), 'WL002 wallet_id', 'an unknown wallet is refused');
select is_empty('select * from remit_ops_v1.verify()', 'the books are right');

select * from finish();
rollback;
