create or replace function remit.tree_root(leaves bytea[])
    returns bytea
    language plpgsql
    immutable
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
-- The root of a tree of hashes, as RFC 9162 makes it.
--
-- Raises: nothing. Locks: nothing.
declare
    nodes bytea[] := leaves;
begin
    while cardinality(nodes) > 1 loop
        nodes := remit.tree_level(nodes);
    end loop;
    return nodes[1];
end;
$$;

comment on function remit.tree_root(bytea[]) is
    'The root of a tree of hashes (RFC 9162).';
