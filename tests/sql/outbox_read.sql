begin;
select plan(25);
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
           'target_balance', 40, 'reference', 'rent', 'metadata', '{"a": "b"}'::jsonb, 'created_at', created_at)
         from remit.transfers where id = pg_temp.id(101) $$,
    'a posted transfer tells what its journal row says');
select results_eq(
    $$ select data::jsonb from events where subject_id = pg_temp.id(102) $$,
    $$ select jsonb_build_object(
           'transfer_id', id, 'status', 'rejected', 'reason', 'insufficient_funds', 'source_id', source_id, 'target_id', target_id,
           'amount', 1000, 'currency', 'USD', 'source_version', null, 'source_balance', null, 'target_version', null,
           'target_balance', null, 'reference', null, 'metadata', '{}'::jsonb, 'created_at', created_at)
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

-- ---- The floor ----------------------------------------------------------------------------------

create temporary table known as select max(id) as last_id from events;

-- What the session knows: how far behind the last id the floor and the mark are, if there is one,
-- and whether the floor is forgotten a minute from now.
create function pg_temp.known() returns text language sql as $$
    select concat_ws(' ', k[1] - last_id, k[2] - last_id, k[4] - extract(epoch from now()) between 59 and 65)
      from known, cast(current_setting('remit.outbox_known') as bigint[]) as k;
$$;
create function pg_temp.know(floor bigint, mark bigint, horizon bigint, in_seconds integer) returns text language sql as $$
    select set_config('remit.outbox_known',
                      array[last_id + floor, last_id + mark, horizon, extract(epoch from now())::bigint + in_seconds]::text, true)
      from known;
$$;
create function pg_temp.read() returns bigint language sql as $$ select count(*) from remit_worker_v1.outbox_read(100); $$;
create temporary table ages as
    select pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1 as ended, pg_current_xact_id()::text::bigint as open;

do $$ begin perform pg_temp.know(1, null, null, 55); end; $$;
select is(pg_temp.read(), (select count(*) from remit.outbox where id > (select last_id from known)), 'a session reads from its floor');
do $$ begin perform pg_temp.know(1, null, null, 3500); end; $$;
select is(pg_temp.read(), 1::bigint, 'for as long as the last read over all has set');
do $$ begin perform pg_temp.know(1, null, null, 4000); end; $$;
select is(pg_temp.read(), pg_temp.event_count(), 'unless the clock was set back');
do $$ begin perform pg_temp.know(1, null, null, -5); end; $$;
select is(pg_temp.read(), pg_temp.event_count(), 'but once a minute from below');
select is(pg_temp.known(), (select -last_id || ' t' from known), 'and forgets the floor, and knows when it does next');
do $$ begin perform pg_temp.know(-1500, -1201, open, 55) from ages; end; $$;
select is(pg_temp.read() || ' ' || pg_temp.known(), '3 -1500 -1201 f',
          'the floor stays while a transaction from before the mark is open');
do $$ begin perform pg_temp.know(-1500, -1201, ended, 55) from ages; end; $$;
select is(pg_temp.read() || ' ' || pg_temp.known(), '3 -1200 f', 'and rises behind the mark when all have ended');
do $$ begin perform pg_temp.know(-1500, 5000, ended, 55) from ages; end; $$;
select is(pg_temp.read() || ' ' || pg_temp.known(), '3 -1000 f', 'but not over an event that waits');
do $$ begin perform remit_worker_v1.outbox_settle(1, array(select id from remit.outbox where ledger_id = 1)); end; $$;
select is(pg_temp.known(), '-1000 f', 'a transaction that is older than its call leaves no mark');
select set_config('remit.outbox_known', '', true);
select is(pg_temp.read(), 1::bigint, 'a session that knows nothing reads all');

select * from finish();
rollback;
