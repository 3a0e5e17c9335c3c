begin;
select plan(5);
\ir fixture.psql

create function pg_temp.number_of(salt text, number integer, digest text) returns bigint language sql as $$
    select remit.link_number(salt::bytea, pg_temp.id(number), 'transfer.posted', digest::bytea);
$$;
select is(pg_temp.number_of('s', 1, 'd'), ('x' || left(encode(sha256('s' || uuid_send(pg_temp.id(1)) || 'transfer.posted' || 'd'), 'hex'), 16))::bit(64)::bigint,
    'it is the beginning of a SHA-256');
select is((select count(distinct pg_temp.number_of(s, n, d)) from unnest('{s,t}'::text[]) s, generate_series(1, 9) n, unnest('{d,e}'::text[]) d), 36::bigint,
    'another one for another salt, id or digest');
select ok((select min(n) < -8e18 and max(n) > 8e18 from (select pg_temp.number_of('s', i, 'd') as n from generate_series(1, 1000) i) x), 'of all numbers that there are');
select isnt(remit.link_number('s', pg_temp.id(1), 'transfer.rejected', 'd'), pg_temp.number_of('s', 1, 'd'), 'or type');
select is(remit.link_number('s', pg_temp.id(1), 'transfer.posted', null), null, 'and none without a digest');

select * from finish();
rollback;
