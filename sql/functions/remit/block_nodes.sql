create or replace function remit.block_nodes(ledger_id bigint, block bigint, leaf bytea)
    returns bytea[]
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- The nodes of the tree of blocks that a new block completes: its own, that of it and the one
-- before, of these and the two before, as long as its number is even.
--
-- Raises: nothing. Locks: nothing.
declare
    nodes bytea[] := array[leaf];
    size bigint := 1::bigint;
    node bytea := leaf;
begin
    while block_nodes.block % (size * 2) = 0 loop
        node := remit.node_hash(remit.blocks_hash(block_nodes.ledger_id, block_nodes.block - size * 2, size), node);
        nodes := nodes || node;
        size := size * 2;
    end loop;
    return nodes;
end;
$$;

comment on function remit.block_nodes(bigint, bigint, bytea) is
    'The nodes of the tree of blocks that a new block completes.';
