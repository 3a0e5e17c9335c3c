begin;
select plan(3);

create temporary table before as select remit.epoch() as epoch;
select matches(remit.epoch(), '^[0-9a-f]{16}$', 'an epoch is a short text');
select is(remit.epoch(), (select epoch from before), 'that stays');
update remit.cache set instance_id = gen_random_uuid();
select isnt(remit.epoch(), (select epoch from before), 'another place is another epoch');

select * from finish();
rollback;
