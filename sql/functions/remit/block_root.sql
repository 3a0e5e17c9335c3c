create or replace function remit.block_root(block remit.log_blocks)
    returns bytea
    language plpgsql
    immutable
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
-- The root of the tree of a block's events.
--
-- Raises: nothing. Locks: nothing.
begin
    return remit.tree_root(remit.block_leaves(block));
end;
$$;

comment on function remit.block_root(remit.log_blocks) is
    'The root of the tree of a block''s events.';
