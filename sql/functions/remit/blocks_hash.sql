create or replace function remit.blocks_hash(ledger_id bigint, after bigint, blocks bigint)
    returns bytea
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- The hash over so many blocks of a ledger after a block, as RFC 9162 has it. After 0, all up to a
-- block, that is the head of then. Null where one of the blocks is missing.
--
-- after is a multiple of each power of two in blocks, as it is for all parts of the tree: so each
-- of them ends at a block that has its node.
--
-- Raises: nothing. Locks: nothing.
declare
    rest bigint := blocks;
    size bigint;
    node bytea;
    hash bytea;
begin
    while rest > 0 loop
        size := rest & -rest;
        select b.nodes[1 + log(2, size)::integer] into node
          from remit.log_blocks b
         where b.ledger_id = blocks_hash.ledger_id and b.block = blocks_hash.after + rest;
        if node is null then
            return null;
        end if;
        hash := case when hash is null then node else remit.node_hash(node, hash) end;
        rest := rest - size;
    end loop;
    return hash;
end;
$$;

comment on function remit.blocks_hash(bigint, bigint, bigint) is
    'The hash over so many blocks of a ledger after a block (RFC 9162).';
