create or replace function remit.blocks_verify(ledger_id bigint)
    returns setof remit_ops_v1.violation
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- Holds the blocks of a ledger's log against each other. A row per violation.
--
-- Block by block: parts has the nodes of the whole parts of the tree so far, the largest first,
-- which are all that the nodes of the next block follow from.
--
-- Raises: nothing. Locks: nothing.
declare
    previous remit.log_blocks;
    current remit.log_blocks;
    parts bytea[] := array[]::bytea[];
    nodes bytea[];
    size bigint;
begin
    for current in
        select b.* from remit.log_blocks b where b.ledger_id = blocks_verify.ledger_id order by b.position
    loop
        if current.block <> coalesce(previous.block, 0) + 1
           or current.position - cardinality(current.event_ids) <> coalesce(previous.position, 0) then
            return next (ledger_id, 'blocks_are_dense', 'block ' || current.block,
                         jsonb_build_object('expected', coalesce(previous.block, 0) + 1,
                                            'position', coalesce(previous.position, 0) + cardinality(current.event_ids)))::remit_ops_v1.violation;
            return; -- Behind a gap there is nothing to follow from.
        end if;
        if current.created_at < previous.created_at
           or current.created_at < (select max(t.moment) from unnest(current.times) as t (moment)) then
            return next (ledger_id, 'times_of_blocks_rise', 'block ' || current.block,
                         jsonb_build_object('created_at', remit.moment_text(current.created_at)))::remit_ops_v1.violation;
        end if;
        nodes := array[remit.block_leaf(current.ledger_id, current.block, current.position, current.created_at, remit.block_root(current))];
        size := 1;
        while current.block % (size * 2) = 0 loop
            nodes := nodes || remit.node_hash(parts[cardinality(parts)], nodes[cardinality(nodes)]);
            parts := trim_array(parts, 1);
            size := size * 2;
        end loop;
        -- With what the block says: so one that is wrong is named alone.
        parts := parts || coalesce(current.nodes[cardinality(nodes)], nodes[cardinality(nodes)]);
        if nodes is distinct from current.nodes then
            return next (ledger_id, 'block_follows_from_the_ones_before', 'block ' || current.block, '{}')::remit_ops_v1.violation;
        end if;
        previous := current;
    end loop;
    return query
    select c.ledger_id, 'cursor_is_in_the_log', 'cursor ' || c.channel,
           jsonb_build_object('position', c.position, 'last', coalesce(previous.position, 0))
      from remit.cursors c
     where c.ledger_id = blocks_verify.ledger_id and c.position > coalesce(previous.position, 0);
end;
$$;

comment on function remit.blocks_verify(bigint) is
    'Holds the blocks of a ledger''s log against each other. A row per violation.';
