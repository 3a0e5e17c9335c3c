create or replace function remit.scope_permits(scope remit_v1.key_scope, permission remit.permission)
    returns boolean
    language sql
    immutable
    parallel safe
-- Whether a scope includes a permission; null for no scope. What a key of scope user may read and
-- spend is its own user's only; what tells of the whole ledger, it may not observe.
--
-- Raises: nothing. Locks: nothing.
return case permission
    when 'read' then scope in ('user', 'reader', 'service', 'admin')
    when 'observe' then scope in ('reader', 'service', 'admin')
    when 'spend' then scope in ('user', 'service', 'admin')
    when 'serve' then scope in ('service', 'admin')
    when 'administer' then scope = 'admin'
end;

comment on function remit.scope_permits(remit_v1.key_scope, remit.permission) is
    'Whether a scope includes a permission.';
