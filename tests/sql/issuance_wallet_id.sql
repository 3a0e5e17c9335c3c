begin;
select plan(8);
\ir fixture.psql

-- Literal ids: the issuance wallet of a running ledger must be found again.
select is(remit.issuance_wallet_id(1, 'USD'), 'b6db58be-deab-86cb-9fcb-3c5b4c434ed1', 'the id follows from the currency');
select is(remit.issuance_wallet_id(1, 'EUR'), '73cf27cc-1d8b-82d7-944b-4f8f3a08696a', 'each currency has its own');
select is(remit.issuance_wallet_id(1, 'USD'), 'b6db58be-deab-86cb-9fcb-3c5b4c434ed1', 'asked again, it is the same');
select results_eq(
    $$ select currency, user_id, balance, floor, version, status::text from remit.wallets where user_id is null order by currency $$,
    $$ values ('EUR', null::uuid, 0::bigint, null::bigint, 0::bigint, 'active'), ('USD', null, 0, null, 0, 'active') $$,
    'it is made once, empty, without user and floor');
insert into remit.ledgers (ledger_id, name) values (900, 'another');
select is(remit.issuance_wallet_id(900, 'USD'), remit.issuance_wallet_id(1, 'USD'), 'another ledger has one of the same id');
select is((select count(*) from remit.wallets where currency = 'USD'), 2::bigint, 'which is another wallet');
select is(pg_temp.refusal($$ insert into remit.wallets (ledger_id, id, currency) values (1, pg_temp.id(9), 'USD') $$), '23505',
          'a second issuance wallet is impossible');
select is(pg_temp.refusal($$ update remit.wallets set floor = 0 where user_id is null $$), '23514', 'as is one with a floor');

select * from finish();
rollback;
