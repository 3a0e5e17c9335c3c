create or replace function remit.tree_path(leaves bytea[], place integer)
    returns bytea[]
    language plpgsql
    immutable
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
-- The hashes that lead from a leaf, counted from 1, to the root of its tree: the inclusion proof of
-- RFC 9162.
--
-- Raises: nothing. Locks: nothing.
declare
    nodes bytea[] := leaves;
    at integer := place - 1;
    path bytea[] := array[]::bytea[];
begin
    while cardinality(nodes) > 1 loop
        if (at # 1) < cardinality(nodes) then
            path := path || nodes[(at # 1) + 1];
        end if;
        nodes := remit.tree_level(nodes);
        at := at / 2;
    end loop;
    return path;
end;
$$;

comment on function remit.tree_path(bytea[], integer) is
    'The hashes that lead from a leaf to the root of its tree (RFC 9162).';
