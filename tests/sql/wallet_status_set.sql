begin;
select plan(11);
\ir fixture.psql

select pg_temp.wallet(11);
select results_eq(
    $$ select status::text, status_version, updated_at > created_at
         from remit.wallet_status_set(1, pg_temp.id(11), 'frozen', 'a test', null) $$,
    $$ values ('frozen', 1::bigint, true) $$,
    'a new status is a new status version');
select results_eq(
    $$ select type, pg_temp.number(subject_id), data ->> 'status' from pg_temp.waiting where type like '%frozen' $$,
    $$ values ('wallet.frozen', 11, 'frozen') $$,
    'and has its event');
create temporary table row_before as select w.* from remit.wallets w where w.id = pg_temp.id(11);
select is((remit.wallet_status_set(1, pg_temp.id(11), 'frozen', 'a test', null)).status_version, 1::bigint, 'the same status changes nothing');
select results_eq('select to_jsonb(w) from remit.wallets w', 'select to_jsonb(b) from row_before b', 'nothing at all');
select is((select count(*) from pg_temp.waiting where type like '%frozen'), 1::bigint, 'and tells nothing');
select is((remit.wallet_status_set(1, pg_temp.id(11), 'active', 'a test', null)).status_version, 2::bigint, 'the other status is a change again');
select results_eq($$ select type from pg_temp.waiting where type like '%frozen' order by number $$, $$ values ('wallet.frozen'), ('wallet.unfrozen') $$,
                  'with an event of its own');
update remit.wallets set updated_at = now() + interval '400 days';
select is((remit.wallet_status_set(1, pg_temp.id(11), 'frozen', 'a test', null)).updated_at, now() + interval '400 days',
          'a change is not before the last one, whatever the clock says');
select is((select created_at from pg_temp.waiting where type = 'wallet.frozen' order by number desc limit 1), now() + interval '400 days',
          'and its event says the same');
select pg_temp.ledger(900);
select is(pg_temp.refusal($$ select remit.wallet_status_set(1, pg_temp.id(12), 'frozen', 'a test', null) $$), 'WL002 wallet_id', 'an unknown wallet is refused');
select is(pg_temp.refusal($$ select remit.wallet_status_set(900, pg_temp.id(11), 'frozen', 'a test', null) $$), 'WL002 wallet_id', 'so is one of another ledger');

select * from finish();
rollback;
