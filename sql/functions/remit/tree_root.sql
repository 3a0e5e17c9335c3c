create or replace function remit.tree_root(leaves bytea[])
    returns bytea
    language plpgsql
    immutable
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
-- The root of a tree of hashes, as RFC 9162 makes it: level by level, each the hashes one behind
-- the other.
--
-- Raises: nothing. Locks: nothing.
declare
    level bytea := (select string_agg(l.leaf, '' order by l.place) from unnest(leaves) with ordinality as l (leaf, place));
begin
    while octet_length(level) > 32 loop
        level := (select string_agg(remit.node_hash(substr(level, p.place, 32), substr(level, p.place + 32, 32)), '' order by p.place)
                    from generate_series(1, octet_length(level) - 63, 64) as p (place))
                 || substr(level, octet_length(level) / 64 * 64 + 1);
    end loop;
    return level;
end;
$$;

comment on function remit.tree_root(bytea[]) is
    'The root of a tree of hashes (RFC 9162).';
