create or replace function remit.chain_append(ledger_id bigint, transfer_ids uuid[])
    returns void
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
    -- Compiled for an estimate that is large, a call would cost more than it saves.
    set jit = off
    -- The plan is kept; one made while the tables are small must serve when they are large.
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- Appends one block to a ledger's chain: the digests of these journal rows, in this order.
--
-- A row that is no longer in the journal is chained as zero bytes, so that verify names it.
--
-- Raises: nothing. Locks: nothing; the caller holds the ledger, so that one block follows the
-- other.
declare
    head remit.chain_blocks;
    digests bytea[];
    block bigint;
    transfers bigint;
    moment timestamptz;
begin
    select array_agg(coalesce(d.digest, decode(repeat('00', 32), 'hex')) order by c.place)
      into digests
      from unnest(chain_append.transfer_ids) with ordinality as c (id, place)
           -- One lookup for each: also by a plan that was made for an empty table.
           left join lateral (
               select r.digest from remit.transfer_digests r
                where r.ledger_id = chain_append.ledger_id and r.id = c.id
               offset 0) d on true;

    select b.* into head
      from remit.chain_blocks b
     where b.ledger_id = chain_append.ledger_id
     order by b.block desc
     limit 1;
    block := coalesce(head.block, 0) + 1;
    transfers := coalesce(head.transfers, 0) + cardinality(digests);
    moment := clock_timestamp();

    insert into remit.chain_blocks (ledger_id, block, transfers, transfer_ids, digests, hash, created_at)
    values (chain_append.ledger_id, block, transfers, chain_append.transfer_ids, digests,
            remit.chain_hash(head.hash, chain_append.ledger_id, block, transfers, moment, digests), moment);
end;
$$;

comment on function remit.chain_append(bigint, uuid[]) is
    'Appends one block to a ledger''s chain: the digests of these journal rows.';
