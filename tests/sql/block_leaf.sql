begin;
select plan(2);

select is(
    remit.block_leaf(1, 2, 5, '2024-06-01 12:00:00.123456+00', sha256('root')),
    sha256('\x00'::bytea || '\x0000000000000001' || '\x0000000000000002' || '\x0000000000000005'
           || int8send((extract(epoch from timestamptz '2024-06-01 12:00:00.123456+00' - timestamptz '2000-01-01 00:00:00+00') * 1000000)::bigint)
           || sha256('root')), 'anybody can compute it');
select is(
    (select count(distinct remit.block_leaf(l, b, p, t, r))
       from unnest('{1,2}'::bigint[]) l, unnest('{1,2}'::bigint[]) b, unnest('{1,2}'::bigint[]) p,
            unnest(array[timestamptz '2024-06-01 12:00:00.000000+00', '2024-06-01 12:00:00.000001+00']) t, unnest(array[sha256('a'), sha256('b')]) r),
    32::bigint, 'it covers each of what it is made of');

select * from finish();
rollback;
