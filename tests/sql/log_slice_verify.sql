begin;
select plan(7);
\ir fixture.psql

select pg_temp.wallet(11, 1000);
select pg_temp.wallet(12);
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 1), pg_temp.request(102, 11, 12, 1)), '{posted,posted}', 'two transfers');
select pg_temp.append() \g /dev/null
select is(pg_temp.outcomes(pg_temp.request(103, 11, 12, 1)), '{posted}', 'one that waits');
create function pg_temp.found(first_number integer, next_number integer) returns text[] language sql as $$
    select array_agg(v.rule || ' ' || pg_temp.number(split_part(v.subject, ' ', 2)::uuid) order by v.rule)
      from remit.log_slice_verify(1, pg_temp.id(first_number), pg_temp.id(next_number)) v;
$$;
select is(pg_temp.found(101, 104), null, 'what is in the log or waits is right');
alter table remit.transfers disable trigger all;
update remit.transfers set reference = 'another' where id = pg_temp.id(101);
delete from remit.transfers where id in (pg_temp.id(102), pg_temp.id(103));
select is(pg_temp.found(101, 102), '{transfer_matches_the_log 101}', 'a slice has what begins it');
select is(pg_temp.found(102, 103), '{logged_transfer_is_in_the_journal 102}', 'and not what begins the next');
select is(pg_temp.found(103, 104), '{event_tells_of_its_transfer 103}', 'nor what is further on');
select is(pg_temp.found(104, 200), null, 'another slice has nothing of it');

select * from finish();
rollback;
