create or replace function remit.chain_hash(
    previous bytea, ledger_id bigint, block bigint, transfers bigint, created_at timestamptz, digests bytea[])
    returns bytea
    language sql
    immutable
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
-- The hash of a block: SHA-256 of its predecessor's hash, its ledger, number, count and time, and
-- its digests in order.
--
-- The first block's predecessor is 32 zero bytes. Numbers are 8 bytes, the highest first; the time
-- counts microseconds since 2000.
--
-- Raises: nothing. Locks: nothing.
    select sha256(
        coalesce(previous, decode(repeat('00', 32), 'hex'))
        || int8send(chain_hash.ledger_id) || int8send(block) || int8send(transfers) || timestamptz_send(created_at)
        || (select string_agg(d.digest, '' order by d.place) from unnest(digests) with ordinality as d (digest, place)));
$$;

comment on function remit.chain_hash(bytea, bigint, bigint, bigint, timestamptz, bytea[]) is
    'The hash of a block of the chain.';
