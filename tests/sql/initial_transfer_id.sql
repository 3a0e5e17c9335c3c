begin;
select plan(4);
\ir fixture.psql

-- A literal id: a wallet made by an older version must be found again.
select is(remit.initial_transfer_id(pg_temp.id(11)), '0d31c1cf-31db-8e59-864e-c9992e8ca65f',
          'the id follows from the wallet''s id');
select isnt(remit.initial_transfer_id(pg_temp.id(11)), remit.initial_transfer_id(pg_temp.id(12)), 'each wallet has its own');
select is(remit.initial_transfer_id(null), null, 'no wallet, no id');
select pg_temp.wallet(11, 100);
select is((select t.amount::bigint from remit.transfers t where t.id = remit.initial_transfer_id(pg_temp.id(11))), 100::bigint,
          'the initial balance is the transfer of this id');

select * from finish();
rollback;
