create or replace function remit.block_root(block remit.log_blocks)
    returns bytea
    language sql
    immutable
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
-- The root of the tree of a block's events.
--
-- Raises: nothing. Locks: nothing.
    select remit.tree_root(remit.block_leaves(block));
$$;

comment on function remit.block_root(remit.log_blocks) is
    'The root of the tree of a block''s events.';
