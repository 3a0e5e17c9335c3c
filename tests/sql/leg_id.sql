begin;
select no_plan();
\ir fixture.psql

select is(remit_v1.leg_id(pg_temp.id(1), 2), remit_v1.leg_id(pg_temp.id(1), 2), 'a leg has one id');
select is((select count(distinct remit_v1.leg_id(pg_temp.id(g), p)) from generate_series(1, 12) g, generate_series(1, 12) p), 144::bigint, 'and each its own');
select is(substring(remit_v1.leg_id(pg_temp.id(1), 2)::text from 15 for 1), '8', 'it is a UUID of version 8');
select isnt(remit_v1.leg_id(pg_temp.id(1), 2), remit_v1.transfer_id('leg 2 of group ' || pg_temp.id(1)), 'that no idempotency key has');
select is(remit_v1.leg_id(null, 1), null, 'no group has no leg');
select is(remit_v1.leg_id(pg_temp.id(1), null), null, 'nor a place that is none');
select is(pg_temp.refusal_of('remit_server', 'select remit_v1.leg_id(null, 1)'), 'accepted', 'the server may ask');

select * from finish();
rollback;
