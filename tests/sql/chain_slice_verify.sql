begin;
select plan(6);
\ir fixture.psql

select pg_temp.wallet(11, 1000);
select pg_temp.wallet(12);
select is((select count(*) from pg_temp.post(pg_temp.request(101, 11, 12, 1), pg_temp.request(102, 11, 12, 1), pg_temp.request(103, 11, 12, 1))),
    3::bigint, 'three transfers');
do $$ begin perform remit_worker_v1.outbox_settle(1, array(select id from remit.outbox where subject_id < pg_temp.id(103))); end; $$;
create function pg_temp.found(first_number integer, next_number integer) returns text[] language sql as $$
    select array_agg(v.rule || ' ' || pg_temp.number(split_part(v.subject, ' ', 2)::uuid) order by v.rule)
      from remit.chain_slice_verify(1, pg_temp.id(first_number), pg_temp.id(next_number)) v;
$$;
select is(pg_temp.found(101, null), null, 'what is chained or waits is right');
alter table remit.transfers disable trigger all;
update remit.transfers set reference = 'another' where id = pg_temp.id(101);
delete from remit.transfers where id in (pg_temp.id(102), pg_temp.id(103));
select is(pg_temp.found(101, 102), '{transfer_matches_the_chain 101}', 'a slice has what begins it');
select is(pg_temp.found(102, 103), '{chained_transfer_is_in_the_journal 102}', 'and not what begins the next');
select is(pg_temp.found(103, null), '{event_tells_of_one_journal_row 103}', 'the last one has all the rest');
select is(pg_temp.found(104, 200), null, 'another slice has nothing of it');

select * from finish();
rollback;
