create or replace function remit.scope_permits(scope remit_v1.key_scope, permission remit.permission)
    returns boolean
    language plpgsql -- Keeps its plan, where a function in SQL is parsed anew by each statement that calls it.
    immutable
    strict
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
-- Whether a scope includes a permission. What a key of scope user may read and spend is its own user's only.
--
-- Raises: nothing. Locks: nothing.
begin
    return case permission
        when 'read' then true
        when 'spend' then scope in ('user', 'service', 'admin')
        when 'serve' then scope in ('service', 'admin')
        when 'administer' then scope = 'admin'
    end;
end;
$$;

comment on function remit.scope_permits(remit_v1.key_scope, remit.permission) is
    'Whether a scope includes a permission.';
