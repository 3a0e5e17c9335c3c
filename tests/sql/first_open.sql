begin;
select no_plan();
\ir fixture.psql

-- Wallet 11 has the holds 1 to 4, in the places 2 to 5, of which the last one ends first.
create function pg_temp.held(number integer, source integer, is_open boolean) returns remit.holds language sql as $$
    select (1, pg_temp.id(number), pg_temp.id(source), null, 'USD', 5, 0, is_open, null, null, null, '{}', 1, 1, now(), now())::remit.holds;
$$;
create function pg_temp.first(number integer, is_open boolean, first integer, are_open boolean[]) returns integer language sql as $$
    select remit.first_open(
        pg_temp.held(number, 11, is_open),
        pg_temp.held(9, 10, true) || array(select pg_temp.held(n::integer, 11, o) from unnest(are_open) with ordinality as u (o, n) order by n)
            || pg_temp.held(8, 12, true), first);
$$;
select is(pg_temp.first(4, true, 5, '{t,t,t,t}'), 5, 'an open hold stays the first');
select is(pg_temp.first(4, false, 5, '{t,t,t,t}'), 4, 'once it is closed it is the next one');
select is(pg_temp.first(4, false, 5, '{t,t,f,t}'), 3, 'or the one after that, if that one is closed');
select is(pg_temp.first(2, false, 5, '{t,t,t,t}'), 5, 'another one that closes changes nothing');
select is(pg_temp.first(1, false, 2, '{t,f,f,f}'), 0, 'there is none after the last');
select is(pg_temp.first(1, false, 0, '{t,f,f,f}'), 0, 'nor after that');
select is(pg_temp.first(1, false, null, '{t,t,t,t}'), null, 'of what is in no order there is none');

select * from finish();
rollback;
