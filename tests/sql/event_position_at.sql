begin;
select plan(6);
\ir fixture.psql

select pg_temp.wallet(11, 1000);
create function pg_temp.at(moment timestamptz) returns bigint language sql as $$ select remit_v1.event_position_at(1, moment); $$;
select is(pg_temp.at('-infinity'), 1::bigint, 'an empty log begins at 1');
do $$ begin perform remit_worker_v1.outbox_append(1000); end; $$;
create temporary table block as select position, created_at from remit.log_blocks where ledger_id = 1;
select is(pg_temp.at('2000-01-01'), 1::bigint, 'long ago');
select is(pg_temp.at((select created_at from block)), 1::bigint, 'the moment of a block');
select is(pg_temp.at('infinity'), (select position + 1 from block), 'what is to come is next');
select is(pg_temp.refusal('select remit_v1.event_position_at(1, null)'), 'WL001 moment', 'no moment');
select pg_temp.key('user', 'user', 1) \g /dev/null
select is(pg_temp.refusal($$ select remit_v1.event_position_at(1, now(), sha256('user')) $$), 'WL017', 'a user''s key sees no log');

select * from finish();
rollback;
