begin;
select no_plan();
\ir fixture.psql

select is(remit.expiry_id(pg_temp.id(1)), remit.expiry_id(pg_temp.id(1)), 'a hold expires under one id');
select isnt(remit.expiry_id(pg_temp.id(1)), remit.expiry_id(pg_temp.id(2)), 'another under another');
select is(substring(remit.expiry_id(pg_temp.id(1))::text from 15 for 1), '8', 'it is a UUID of version 8');
select isnt(remit.expiry_id(pg_temp.id(1)), remit_v1.transfer_id('expiry of hold ' || pg_temp.id(1)), 'that no idempotency key has');
select is(remit.expiry_id(null), null, 'none has none');

select * from finish();
rollback;
