create or replace function remit.tree_level(nodes bytea[])
    returns bytea[]
    language sql
    immutable
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
-- The next level of a tree of hashes: a node for each two, and the last one itself where it is
-- alone.
--
-- Raises: nothing. Locks: nothing.
    select array_agg(case when cardinality(p.hashes) = 2 then remit.node_hash(p.hashes[1], p.hashes[2]) else p.hashes[1] end order by p.place)
      from (select (n.place - 1) / 2 as place, array_agg(n.hash order by n.place) as hashes
              from unnest(tree_level.nodes) with ordinality as n (hash, place)
             group by 1) p;
$$;

comment on function remit.tree_level(bytea[]) is
    'The next level of a tree of hashes (RFC 9162).';
