begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

create function pg_temp.check(requests integer, terms remit_v1.transfer_terms[] default null, keys bytea[] default null) returns text language plpgsql as $$
begin
    return pg_temp.refusal(format('select remit.call_check(%L, %L, %L)', array_fill(pg_temp.request(1, 11, 12, 1), array[requests]), keys, terms));
end;
$$;
create function pg_temp.leg(place integer, size integer, number integer default 1) returns remit_v1.transfer_terms language sql as $$
    select (pg_temp.leg(pg_temp.pay(1, 11, 12, 1), number, place, size)).terms;
$$;
select is(pg_temp.check(1), 'accepted', 'one request is a call');
select is(pg_temp.check(1000), 'accepted', 'so are a thousand');
select is(pg_temp.check(1001), 'WL001 requests', 'not more');
select is(pg_temp.refusal('select remit.call_check(null, null, null)'), 'WL001 requests', 'nor none');
select is(pg_temp.refusal($$ select remit.call_check('[2:2]={"(,,,,,,,)"}', null, null) $$), 'WL001 requests', 'nor from another number');
select is(pg_temp.refusal($$ select remit.call_check('{{"(,,,,,,,)"}}', null, null) $$), 'WL001 requests', 'nor in two dimensions');
select is(pg_temp.check(2, array[null::remit_v1.transfer_terms]), 'WL001 terms', 'each has its terms');
select is(pg_temp.refusal($$ select remit.call_check('{"(,,,,,,,)"}', null, '[2:2]={"(,,,,,,,,,,,,)"}') $$), 'WL001 terms', 'at its place');
select is(pg_temp.check(2, array[null, null]::remit_v1.transfer_terms[]), 'accepted', 'or none');
select is(pg_temp.check(2, null, array['x']::bytea[]), 'WL001 key_sha256s', 'and its key');
select is(pg_temp.check(2, null, array['x', '']::bytea[]), 'WL001 key_sha256s', 'that is one');
select is(pg_temp.check(3, array[null, pg_temp.leg(1, 2), pg_temp.leg(2, 2)]), 'accepted', 'legs stand side by side');
select is(pg_temp.check(4, array[pg_temp.leg(1, 2, 7), pg_temp.leg(2, 2, 7), pg_temp.leg(1, 2), pg_temp.leg(2, 2)]), 'accepted', 'those of two groups too');
select is(pg_temp.check(2, array[pg_temp.leg(2, 2), pg_temp.leg(1, 2)]), 'WL001 terms', 'in order');
select is(pg_temp.check(2, array[pg_temp.leg(1, 2), pg_temp.leg(2, 2)], array['x', 'x']::bytea[]), 'accepted', 'for one caller');
select is(pg_temp.check(2, array[pg_temp.leg(1, 2), pg_temp.leg(2, 2)], array['x', 'y']::bytea[]), 'WL001 terms', 'not for two');
select is(pg_temp.check(2, array[pg_temp.leg(1, 2), pg_temp.leg(2, 2)], array['x', null]::bytea[]), 'WL001 terms', 'nor for one and the session');

create function pg_temp.traced(requests integer, traceparents text[]) returns text language plpgsql as $$
begin
    return pg_temp.refusal(format('select remit.call_check(%L, null, null, %L)', array_fill(pg_temp.request(1, 11, 12, 1), array[requests]), traceparents));
end;
$$;
select is(pg_temp.traced(2, array['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', null]), 'accepted', 'a request may have a trace');
select is(pg_temp.traced(requests, traceparents), 'WL001 traceparents', description)
  from (values (2, array[null::text], 'a place for each'), (1, array['x'], 'of one form'), (1, array[''], 'and not empty'),
               (1, array['ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'], 'nor of a version that is none'),
               (1, array['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' || chr(10)], 'and nothing behind it')) as c (requests, traceparents, description);

select * from finish();
rollback;
