create or replace function remit.block_leaves(block remit.log_blocks)
    returns bytea[]
    language plpgsql
    immutable
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
-- The leaves of the tree of a block's events.
--
-- Raises: nothing. Locks: nothing.
begin
    return (
        select array_agg(remit.event_leaf(e.event_id, e.type, e.subject_id, e.time, e.digest) order by e.place)
          from unnest(block.event_ids, block.types, block.subject_ids, block.times, block.digests)
               with ordinality as e (event_id, type, subject_id, "time", digest, place));
end;
$$;

comment on function remit.block_leaves(remit.log_blocks) is
    'The leaves of the tree of a block''s events.';
