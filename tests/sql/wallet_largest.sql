begin;
select plan(12);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12, 300);
select pg_temp.wallet(13, 200);
select pg_temp.wallet(14, 300);
select pg_temp.wallet(15, 9000, currency => 'EUR');
select pg_temp.wallet(16, floor => null);
select is(pg_temp.outcomes(pg_temp.request(101, 16, 11, 50)), '{posted}', 'one wallet is below zero');
select lives_ok($$ select remit_ops_v1.wallet_freeze(1, pg_temp.id(13), 'a test') $$, 'one is frozen');

select results_eq(
    $$ select pg_temp.number(wallet_id), pg_temp.number(user_id), balance, version, status::text
         from remit_ops_v1.wallet_largest(1, 'USD', 1000) $$,
    $$ values (12, 1, 300::bigint, 1::bigint, 'active'), (14, 1, 300, 1, 'active'), (13, 1, 200, 1, 'frozen'),
              (11, 1, 150, 2, 'active'), (16, 1, -50, 1, 'active') $$,
    'the largest come first, equal ones by id, without the issuance wallet and other currencies');
select results_eq(
    $$ select pg_temp.number(wallet_id) from remit_ops_v1.wallet_largest(1, 'USD', 2) $$, array[12, 14], 'up to the limit');
select is_empty($$ select * from remit_ops_v1.wallet_largest(1, 'CHF', 10) $$, 'a currency may have none');
select pg_temp.ledger(900);
select is_empty($$ select * from remit_ops_v1.wallet_largest(900, 'USD', 10) $$, 'so may a ledger');
select is(pg_temp.refusal(statement), expected, description)
  from (values ($$ select remit_ops_v1.wallet_largest(1, 'USD', 0) $$, 'WL001 request_limit', 'a limit of 0 is refused'),
               ($$ select remit_ops_v1.wallet_largest(1, 'USD', 1001) $$, 'WL001 request_limit', 'so is one of 1001'),
               ($$ select remit_ops_v1.wallet_largest(1, 'USD', null) $$, 'WL001 request_limit', 'so is none'),
               ($$ select remit_ops_v1.wallet_largest(1, 'QQQ', 10) $$, 'WL008 currency', 'an unknown currency is refused'),
               ($$ select remit_ops_v1.wallet_largest(1, null, 10) $$, 'WL008 currency', 'so is none'),
               ($$ select remit_ops_v1.wallet_largest(901, 'USD', 10) $$, 'WL009 ledger_id', 'and so is an unknown ledger'))
       as c (statement, expected, description);

select * from finish();
rollback;
