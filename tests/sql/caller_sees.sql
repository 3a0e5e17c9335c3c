begin;
select plan(5);
\ir fixture.psql

select ok(remit.caller_sees(null, pg_temp.id(1)), 'a caller that is bound to no user sees any user''s');
select ok(remit.caller_sees(null, null), 'and what is nobody''s');
select ok(remit.caller_sees(pg_temp.id(1), pg_temp.id(1)), 'a caller that is bound sees its own user''s');
select is(remit.caller_sees(pg_temp.id(1), pg_temp.id(2)), false, 'not another''s');
select is(remit.caller_sees(pg_temp.id(1), null), false, 'nor what is nobody''s');

select * from finish();
rollback;
