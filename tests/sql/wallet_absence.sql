begin;
select plan(4);
\ir fixture.psql

select pg_temp.wallet(11);
select pg_temp.ledger(900);
select is(remit.wallet_absence(1, pg_temp.id(11)), 'wallet_busy', 'a wallet that exists but was not locked is busy');
select is(remit.wallet_absence(1, pg_temp.id(12)), 'wallet_not_found', 'one that does not exist is not found');
select is(remit.wallet_absence(900, pg_temp.id(11)), 'wallet_not_found', 'nor is one of another ledger');
select is(remit.wallet_absence(1, null), 'wallet_not_found', 'nor is none');

select * from finish();
rollback;
