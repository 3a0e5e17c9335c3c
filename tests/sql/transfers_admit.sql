begin;
select plan(7);
\ir fixture.psql

do $$ begin perform remit_v1.user_create(1, (pg_temp.id(2), 'Grace', null, null, null)::remit_v1.user_request); end; $$;
select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select pg_temp.key('service', 'service');
select pg_temp.key('reader', 'reader');
select pg_temp.key('own', 'user', 1);
select pg_temp.key('foreign', 'user', 2);

-- Three requests, admitted for the keys of these names; null is the session.
create function pg_temp.admit(variadic names text[]) returns remit.admission language sql as $$
    select remit.transfers_admit(
        1, array[pg_temp.request(101, 11, 12, 1), pg_temp.request(102, 11, 12, 1), pg_temp.request(103, 99, 12, 1)],
        array(select sha256(n::bytea) from unnest(names) with ordinality as n (n, place) order by place), null);
$$;
-- The numbers of ids, or what they are of a user's name space.
create function pg_temp.ids(admitted remit.admission) returns text[] language sql as $$
    select array_agg(coalesce(u.number::text || ' of ' || n, pg_temp.number(r.id)::text) order by r.place)
      from unnest((admitted).requests) with ordinality as r (id, s, t, a, c, f, m, q, place)
           left join lateral (
               select number, n from generate_series(101, 103) number, generate_series(1, 2) n
                where remit.user_transfer_id(pg_temp.id(n), pg_temp.id(number)) = r.id) u on true;
$$;

select results_eq(
    $$ select pg_temp.ids(a), a.may_spends, a.reachables from pg_temp.admit('service', 'service', 'service') a $$,
    $$ values ('{101,102,103}'::text[], null::boolean[], null::boolean[]) $$, 'a service may spend from any wallet');
select results_eq(
    $$ select a.may_spends is null from remit.transfers_admit(1, array[pg_temp.request(101, 11, 12, 1)], null, null) a $$,
    'values (true)', 'so may a session that is an operator''s');
select results_eq(
    $$ select a.may_spends is null from pg_temp.admit('service', null, 'service') a $$, 'values (true)', 'also among others');
select results_eq(
    $$ select pg_temp.ids(a), a.may_spends, a.reachables from pg_temp.admit('own', 'own', 'own') a $$,
    $$ values ('{"101 of 1","102 of 1","103 of 1"}'::text[], '{t,t,t}'::boolean[], '{t,t,f}'::boolean[]) $$,
    'a user spends from wallets of its own, under ids of its own');
select results_eq(
    $$ select pg_temp.ids(a), a.may_spends, a.reachables from pg_temp.admit('foreign', 'service', 'own') a $$,
    $$ values ('{"101 of 2",102,"103 of 1"}'::text[], '{t,t,t}'::boolean[], '{f,t,f}'::boolean[]) $$,
    'each request of a call is its own caller''s');
select results_eq(
    $$ select pg_temp.ids(a), a.may_spends, a.reachables from pg_temp.admit('reader', 'nobody', 'service') a $$,
    $$ values ('{101,102,103}'::text[], '{f,null,t}'::boolean[], '{f,f,t}'::boolean[]) $$,
    'a reader may not spend, and an unknown caller is unknown: their wallets are not looked at');
select results_eq(
    $$ select request_id from unnest((pg_temp.admit('own', 'own', 'own')).requests) limit 1 $$, 'values (null::text)',
    'the rest of a request is as it was');

select * from finish();
rollback;
