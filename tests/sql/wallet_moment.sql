begin;
select plan(3);
\ir fixture.psql

select ok(remit.wallet_moment(1, pg_temp.id(1)) between now() and clock_timestamp(), 'a user''s first wallet is created now');
update remit.users set metadata = metadata; -- Which this transaction may, as it has locked the row.
select pg_temp.wallet(11);
update remit.wallets set created_at = now() + interval '1 hour' where id = pg_temp.id(11);
select is(remit.wallet_moment(1, pg_temp.id(1)), now() + interval '1 hour 1 microsecond', 'the next one later, also by a clock that was set back');
select pg_temp.wallet(12);
select pg_temp.wallet(13);
select is((select array_agg(pg_temp.number(id)) from remit_v1.wallet_list(1, pg_temp.id(1), null, null, 10)), '{11,12,13}',
    'so they are listed in the order in which they were made');

select * from finish();
rollback;
