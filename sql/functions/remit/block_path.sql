create or replace function remit.block_path(ledger_id bigint, block bigint, blocks bigint)
    returns bytea[]
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- The hashes that lead from a block to the head of so many blocks: the inclusion proof of RFC 9162.
-- As many lookups as the number of blocks has digits, or its square at most.
--
-- Raises: nothing. Locks: nothing.
declare
    first bigint := 0::bigint; -- The part of the tree that is left begins after it,
    size bigint := blocks; -- and has so many blocks.
    half bigint; -- The largest power of two below.
    path bytea[] := array[]::bytea[];
begin
    while size > 1 loop
        half := 1;
        while half * 2 < size loop
            half := half * 2;
        end loop;
        if block_path.block <= first + half then
            path := remit.blocks_hash(block_path.ledger_id, first + half, size - half) || path;
            size := half;
        else
            path := remit.blocks_hash(block_path.ledger_id, first, half) || path;
            first := first + half;
            size := size - half;
        end if;
    end loop;
    return path;
end;
$$;

comment on function remit.block_path(bigint, bigint, bigint) is
    'The hashes that lead from a block to the head of so many blocks (RFC 9162).';
