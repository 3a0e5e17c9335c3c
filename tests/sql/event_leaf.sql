begin;
select plan(2);
\ir fixture.psql

select is(
    remit.event_leaf(pg_temp.id(1), 'transfer.posted', pg_temp.id(2), '2024-06-01 12:00:00.123456+00', sha256('digest')),
    sha256('\x00'::bytea || uuid_send(pg_temp.id(1)) || uuid_send(pg_temp.id(2))
           || int8send((extract(epoch from timestamptz '2024-06-01 12:00:00.123456+00' - timestamptz '2000-01-01 00:00:00+00') * 1000000)::bigint)
           || sha256('digest') || 'transfer.posted'), 'anybody can compute it');
select is(
    (select count(distinct remit.event_leaf(e, y, s, t, d))
       from unnest(array[pg_temp.id(1), pg_temp.id(2)]) e, unnest('{wallet.frozen,wallet.unfrozen}'::remit_v1.event_type[]) y, unnest(array[pg_temp.id(1), pg_temp.id(2)]) s,
            unnest(array[timestamptz '2024-06-01 12:00:00.000000+00', '2024-06-01 12:00:00.000001+00']) t, unnest(array[sha256('a'), sha256('b')]) d),
    32::bigint, 'it covers each of what it is made of');

select * from finish();
rollback;
