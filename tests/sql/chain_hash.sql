begin;
select plan(9);
\ir fixture.psql

-- The hash of a block with everything given, and with one thing changed.
create function pg_temp.hash(
    previous bytea default sha256('previous'), ledger_id bigint default 1, block bigint default 2, transfers bigint default 5,
    created_at timestamptz default '2024-06-01 12:00:00.123456+00', digests bytea[] default array[sha256('a'), sha256('b')])
    returns bytea language sql as $$
    select remit.chain_hash(previous, ledger_id, block, transfers, created_at, digests);
$$;

select is(
    pg_temp.hash(),
    sha256(sha256('previous') || '\x0000000000000001'::bytea || '\x0000000000000002' || '\x0000000000000005'
           || int8send((extract(epoch from timestamptz '2024-06-01 12:00:00.123456+00' - timestamptz '2000-01-01 00:00:00+00')
                        * 1000000)::bigint)
           || sha256('a') || sha256('b')),
    'a block''s hash can be computed by anybody');
select is(
    remit.chain_hash(null, 1, 1, 1, 'epoch', array[sha256('a')]),
    remit.chain_hash(decode(repeat('00', 32), 'hex'), 1, 1, 1, 'epoch', array[sha256('a')]),
    'the first block follows upon zero bytes');
select isnt(pg_temp.hash(previous => sha256('other')), pg_temp.hash(), 'it covers its predecessor');
select isnt(pg_temp.hash(ledger_id => 2), pg_temp.hash(), 'its ledger');
select isnt(pg_temp.hash(block => 3), pg_temp.hash(), 'its number');
select isnt(pg_temp.hash(transfers => 6), pg_temp.hash(), 'the count');
select isnt(pg_temp.hash(created_at => '2024-06-01 12:00:00.123457+00'), pg_temp.hash(), 'the time');
select isnt(pg_temp.hash(digests => array[sha256('b'), sha256('a')]), pg_temp.hash(), 'the order of its digests');
select isnt(pg_temp.hash(digests => array[sha256('a')]), pg_temp.hash(), 'and each of them');

select * from finish();
rollback;
