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
    select remit.tree_root(array_agg(l.leaf))
      from (select remit.event_leaf(e.event_id, e.type, e.subject_id, e.time, e.digest) as leaf
              from unnest(block.event_ids, block.types, block.subject_ids, block.times, block.digests)
                   with ordinality as e (event_id, type, subject_id, "time", digest, place)
             order by e.place) l;
$$;

comment on function remit.block_root(remit.log_blocks) is
    'The root of the tree of a block''s events.';
