begin;
select plan(4);
\ir fixture.psql

select is(remit.user_transfer_id(pg_temp.id(1), pg_temp.id(101)), '55a871ad-b33f-82a7-ae71-fb535632115c',
    'the id is the UUIDv8 of the SHA-256 of id and user');
select isnt(remit.user_transfer_id(pg_temp.id(1), pg_temp.id(101)), remit.user_transfer_id(pg_temp.id(2), pg_temp.id(101)),
    'another user''s transfer with this id has another');
select isnt(remit.user_transfer_id(pg_temp.id(1), pg_temp.id(101)), remit.user_transfer_id(pg_temp.id(1), pg_temp.id(102)),
    'so has one with another id');
select is(remit.user_transfer_id(null, pg_temp.id(101)), null, 'a caller that is bound to no user has none');

select * from finish();
rollback;
