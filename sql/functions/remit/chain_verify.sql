create or replace function remit.chain_verify(ledger_id bigint)
    returns setof remit_ops_v1.violation
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_sort = off
    set jit = off
as $$
-- Holds a ledger's journal against its chain and its outbox, and the chain against itself. A row
-- per violation.
--
-- It takes the journal in slices of ids, and goes over the blocks and the outbox for each of them:
-- so it needs memory for one slice, however large the ledger is.
--
-- Raises: nothing. Locks: nothing.
declare
    slice_rows constant integer := 200000;
    ledger constant bigint := chain_verify.ledger_id;
    first_id uuid := '00000000-0000-0000-0000-000000000000'::uuid;
    slices_seen integer := 0;
    next_id uuid; -- Of the slice that follows; null in the last one.
begin
    loop
        select t.id into next_id
          from remit.transfers t
         where t.ledger_id = ledger and t.id >= first_id
         order by t.id
        offset slice_rows limit 1;
        return query select v.* from remit.chain_slice_verify(ledger, first_id, next_id) v;
        slices_seen := slices_seen + 1;
        perform remit.progress_tell(ledger, slices_seen || ' slices of 200000 transfers held against the chain');
        exit when next_id is null;
        first_id := next_id;
    end loop;

    return query
    with blocks as (
        select b.*, lag(b.block, 1, 0::bigint) over history as block_before,
               lag(b.transfers, 1, 0::bigint) over history as transfers_before,
               lag(b.hash) over history as hash_before
          from remit.chain_blocks b
         where b.ledger_id = ledger
        window history as (order by b.block)
    )
    select ledger, 'blocks_are_dense', 'block ' || b.block, jsonb_build_object('expected', b.block_before + 1)
      from blocks b
     where b.block <> b.block_before + 1
    union all
    -- Behind a gap there is nothing to follow from.
    select ledger, 'block_follows_from_its_predecessor', 'block ' || b.block, '{}'
      from blocks b
     where b.block = b.block_before + 1
       and (b.transfers <> b.transfers_before + cardinality(b.digests)
            or b.hash <> remit.chain_hash(b.hash_before, b.ledger_id, b.block, b.transfers, b.created_at, b.digests));
end;
$$;

comment on function remit.chain_verify(bigint) is
    'Holds a ledger''s journal against its chain and its outbox, and the chain against itself. A row per violation.';
