begin;
select plan(16);
\ir fixture.psql

select is_empty($$ select * from remit_worker_v1.outbox_read(100) $$, 'no changes, no events');
select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select is(
    pg_temp.outcomes(
        pg_temp.request(101, 11, 12, 40, null, 'rent', '{"a": "b"}', 'request-1'), pg_temp.request(102, 11, 12, 1000),
        pg_temp.request(103, 11, 12, 0), pg_temp.request(101, 11, 12, 40, null, 'rent', '{"a": "b"}')),
    '{posted,insufficient_funds,"invalid_field amount","posted replayed"}', 'a posted, a rejected, an invalid and a replayed one');
select lives_ok($$ select remit_ops_v1.wallet_freeze(1, pg_temp.id(12), 'a test') $$, 'a freeze');
select lives_ok($$ select remit_ops_v1.wallet_unfreeze(1, pg_temp.id(12), 'a test') $$, 'and an unfreeze');
create temporary table events as select * from remit_worker_v1.outbox_read(100) with ordinality;

select results_eq(
    $$ select ledger_id, type, subject_id, request_id from events order by ordinality $$,
    $$ values (1::bigint, 'transfer.posted', remit.initial_transfer_id(pg_temp.id(11)), null::text),
              (1, 'transfer.posted', pg_temp.id(101), 'request-1'), (1, 'transfer.rejected', pg_temp.id(102), null),
              (1, 'wallet.frozen', pg_temp.id(12), null), (1, 'wallet.unfrozen', pg_temp.id(12), null) $$,
    'one event for each journal row and each change of status, in order; none for the others');
select results_eq('select id from events order by ordinality', 'select id from events order by id', 'their ids rise');
select is((select count(distinct event_id) from events), 5::bigint, 'each has an id of its own');
select results_eq(
    $$ select data::jsonb from events where subject_id = pg_temp.id(101) $$,
    $$ select jsonb_build_object(
           'transfer_id', id, 'status', 'posted', 'reason', null, 'source_id', source_id, 'target_id', target_id,
           'amount', 40, 'currency', 'USD', 'source_version', 2, 'source_balance', 60, 'target_version', 1,
           'target_balance', 40, 'reference', 'rent', 'metadata', '{"a": "b"}'::jsonb, 'created_at', remit.moment_text(created_at))
         from remit.transfers where id = pg_temp.id(101) $$,
    'a posted transfer tells what its journal row says');
select results_eq(
    $$ select data::jsonb from events where subject_id = pg_temp.id(102) $$,
    $$ select jsonb_build_object(
           'transfer_id', id, 'status', 'rejected', 'reason', 'insufficient_funds', 'source_id', source_id, 'target_id', target_id,
           'amount', 1000, 'currency', 'USD', 'source_version', null, 'source_balance', null, 'target_version', null,
           'target_balance', null, 'reference', null, 'metadata', '{}'::jsonb, 'created_at', remit.moment_text(created_at))
         from remit.transfers where id = pg_temp.id(102) $$,
    'a rejected one its reason');
select results_eq(
    $$ select data::jsonb - 'updated_at' from events where subject_id = pg_temp.id(12) order by id $$,
    $$ values (jsonb_build_object('wallet_id', pg_temp.id(12), 'status', 'frozen', 'status_version', 1)),
              (jsonb_build_object('wallet_id', pg_temp.id(12), 'status', 'active', 'status_version', 2)) $$,
    'a change of status tells the wallet and its status');
select is_empty(
    $$ select created_at, data from events
        where created_at <> coalesce(data ->> 'created_at', data ->> 'updated_at')::timestamptz $$,
    'an event has the moment of its change');

select results_eq(
    'select id from remit_worker_v1.outbox_read(2)', 'select id from events order by id limit 2', 'a limit takes the oldest');
select results_eq(
    'select to_jsonb(e) from remit_worker_v1.outbox_read(100) e',
    $$ select to_jsonb(e) - 'ordinality' from events e order by id $$,
    'reading removes nothing');
select results_eq(
    'select id from remit_worker_v1.outbox_read(2, (select array[null, min(id)] from events))',
    'select id from events order by id offset 1 limit 2',
    'those that the relay holds are left out');
insert into remit.ledgers (ledger_id, name) values (900, 'another');
do $$ begin perform remit_v1.user_create(900, (pg_temp.id(1), 'Ada', null, null, null)::remit_v1.user_request); end; $$;
select pg_temp.wallet(51, 1, ledger_id => 900);
select is((select array_agg(ledger_id) from remit_worker_v1.outbox_read(100)), '{1,1,1,1,1,900}', 'the relay reads all ledgers');

select results_eq(
    'select id from remit_worker_v1.outbox_read(2, floor_id => (select id from events order by id offset 2 limit 1))',
    'select id from events order by id offset 2 limit 2', 'those below the floor are passed over');

select * from finish();
rollback;
