begin;
select plan(10);
\ir fixture.psql

-- Literal ids: the issuance wallet of a running ledger must be found again.
select is(remit.issuance_wallet_id(1, 'USD'), 'e6a1e595-012c-8118-890d-447e9be428db', 'the id follows from the currency');
select is(remit.issuance_wallet_id(1, 'EUR'), 'beeeadd3-e01e-8dbd-a7b3-08496e761a35', 'each currency has its own');
select is(remit.issuance_wallet_id(1, 'USD'), 'e6a1e595-012c-8118-890d-447e9be428db', 'asked again, it is the same');
select results_eq(
    $$ select currency, user_id, balance::bigint, floor::bigint, version::bigint, status::text from remit.wallets where user_id is null order by currency $$,
    $$ values ('EUR', null::uuid, 0::bigint, null::bigint, 0::bigint, 'active'), ('USD', null, 0, null, 0, 'active') $$,
    'it is made once, empty, without user and floor');
select pg_temp.ledger(900);
select is(remit.issuance_wallet_id(900, 'USD'), remit.issuance_wallet_id(1, 'USD'), 'another ledger has one of the same id');
select is((select count(*) from remit.wallets where currency = 'USD'), 2::bigint, 'which is another wallet');
select is(pg_temp.refusal($$ insert into remit.wallets (ledger_id, id, currency) values (1, pg_temp.id(9), 'USD') $$), '23505',
          'a second issuance wallet is impossible');
select is(pg_temp.refusal($$ update remit.wallets set floor = 0 where user_id is null $$), '23514', 'as is one with a floor');

do $$ begin perform remit_v1.wallet_create(1, ('7223314f-553f-8921-854c-e79c966fc932', pg_temp.id(1), 'GBP', 0, null, null, null, null)::remit_v1.wallet_request); end; $$;
select isnt(remit.issuance_wallet_id(1, 'GBP'), '7223314f-553f-8921-854c-e79c966fc932', 'a user''s wallet never becomes one');
select is((select user_id from remit.wallets where id = remit.issuance_wallet_id(1, 'GBP')), null, 'another is made');

select * from finish();
rollback;
