begin;
select plan(28);
\ir fixture.psql

create function pg_temp.create_transfer(
    number integer, source integer, target integer, amount bigint, currency text default null,
    reference text default null, metadata jsonb default null, ledger_id bigint default 1)
    returns remit_v1.transfer_result language sql as $$
    select remit_v1.transfer_create(
        ledger_id, pg_temp.request(number, source, target, amount, currency, reference, metadata));
$$;

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select pg_temp.wallet(13, currency => 'EUR');
select pg_temp.wallet(14);
select pg_temp.wallet(15, floor => null);

-- ---- What is stored is a result -----------------------------------------------------------------

create temporary table made as select * from pg_temp.create_transfer(101, 11, 12, 40, 'USD', 'rent', '{"a": "b"}');
select results_eq(
    $$ select outcome::text, field, replayed, source_version, source_balance, target_version, target_balance from made $$,
    $$ values ('posted', null, false, 2::bigint, 60::bigint, 1::bigint, 40::bigint) $$,
    'a posted transfer is a result');
select results_eq(
    $$ select to_jsonb(m) - 'replayed' || '{"reversed": 0, "reversal_ids": []}' from made m $$,
    $$ select to_jsonb(t) - 'replayed' from remit_v1.transfer_get(1, pg_temp.id(101)) t $$,
    'the same that transfer_get tells');
select results_eq(
    $$ select to_jsonb(r) from pg_temp.create_transfer(101, 11, 12, 40, 'USD', 'rent', '{"a": "b"}') r $$,
    $$ select to_jsonb(m) || '{"replayed": true}' from made m $$,
    'a retry gets it again');
select is((pg_temp.create_transfer(102, 11, 12, 61)).outcome, 'insufficient_funds', 'a lack of funds is a result');
select is((pg_temp.create_transfer(103, 11, 13, 1)).outcome, 'currency_mismatch', 'so is a mismatch of currencies');
select is((pg_temp.create_transfer(104, 15, 12, 9007199254740991)).outcome, 'balance_limit_exceeded', 'so is a balance beyond its limit');
select lives_ok($$ select remit_ops_v1.wallet_freeze(1, pg_temp.id(14), 'a test') $$, 'a wallet is frozen');
select is((pg_temp.create_transfer(105, 11, 14, 1)).outcome, 'wallet_frozen', 'so is a frozen wallet');
select is((select count(*) from remit.transfers where id between pg_temp.id(102) and pg_temp.id(105)), 4::bigint,
          'these rejections are stored');
select is((pg_temp.create_transfer(106, 12, 11, 40)).outcome, 'posted', 'funds arrive');
select results_eq(
    $$ select r.outcome::text, r.replayed from pg_temp.create_transfer(102, 11, 12, 61) r $$,
    $$ values ('insufficient_funds', true) $$,
    'a rejection is replayed even then');

-- ---- What is not stored is an error -------------------------------------------------------------

create temporary table counts_before as select pg_temp.journal_count() as journal, pg_temp.event_count() as events;
select is(pg_temp.refusal(statement), expected, description)
  from (values ($$ select remit_v1.transfer_create(1, null) $$, 'WL001 id', 'null is no request'),
               ($$ select pg_temp.create_transfer(null, 11, 12, 1) $$, 'WL001 id', 'an id is required'),
               ($$ select pg_temp.create_transfer(201, null, 12, 1) $$, 'WL001 source_id', 'a source is required'),
               ($$ select pg_temp.create_transfer(201, 11, null, 1) $$, 'WL001 target_id', 'a target is required'),
               ($$ select pg_temp.create_transfer(201, 11, 12, 0) $$, 'WL001 amount', 'an amount of 0 is refused'),
               ($$ select pg_temp.create_transfer(201, 11, 12, 1, 'usd') $$, 'WL001 currency', 'a malformed currency is refused'),
               ($$ select pg_temp.create_transfer(201, 11, 12, 1, null, repeat('x', 201)) $$, 'WL001 reference', 'a long reference is refused'),
               ($$ select pg_temp.create_transfer(201, 11, 12, 1, null, null, '[]') $$, 'WL001 metadata', 'invalid metadata is refused'),
               ($$ select pg_temp.create_transfer(201, 99, 12, 1) $$, 'WL002 source_id', 'an unknown source is refused'),
               ($$ select pg_temp.create_transfer(201, 11, 99, 1) $$, 'WL002 target_id', 'an unknown target is refused'),
               ($$ select pg_temp.create_transfer(201, 11, 12, 1, ledger_id => 77) $$, 'WL002 source_id', 'an unknown ledger has no wallets'),
               ($$ select pg_temp.create_transfer(101, 11, 12, 41) $$, 'WL005 id', 'other content under a used id is refused'),
               ($$ select pg_temp.create_transfer(102, 11, 12, 1) $$, 'WL005 id', 'also under the id of a rejection'),
               ($$ select pg_temp.create_transfer(201, 11, 11, 1) $$, 'WL006 target_id', 'a wallet does not transact with itself'))
       as c (statement, expected, description);
select results_eq(
    $$ select pg_temp.journal_count(), pg_temp.event_count() $$, $$ select * from counts_before $$,
    'none of it is stored or told');
select is((pg_temp.create_transfer(201, 11, 12, 1)).outcome, 'posted', 'the id is still free');
select is_empty($$ select * from remit_ops_v1.verify() $$, 'the books are right');

select * from finish();
rollback;
