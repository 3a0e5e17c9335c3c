-- Takes back every right on what is Remit's from all roles and from public. The files of functions
-- and grant.sql then give what they name: a grant that was removed from a file, or made by hand, is
-- gone.

-- A function that is an expression is bound to what is found here.
set local search_path = pg_catalog, pg_temp;
set local check_function_bodies = off; -- Functions may name others that come later.

-- The global form: a default that names a schema can only add to what the global one grants.
alter default privileges revoke execute on functions from public;
revoke create on schema public from public;

do $$
declare
    taken record;
begin
    -- With temporary objects a role could try to mislead a function.
    execute format('revoke create, temporary on database %I from public', current_database());
    for taken in
        with objects as (
            select 'schema' as kind, n.oid::regnamespace::text as name, n.nspowner as owner, n.nspacl as acl
              from pg_namespace n where n.nspname in ('remit', 'remit_v1', 'remit_worker_v1', 'remit_ops_v1')
            union all
            select 'table', c.oid::regclass::text, c.relowner,
                   c.relacl || array(
                       select unnest(a.attacl) from pg_attribute a where a.attrelid = c.oid and a.attacl is not null)
              from pg_class c
             where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
               and c.relnamespace in ('remit'::regnamespace, 'remit_v1'::regnamespace, 'remit_worker_v1'::regnamespace,
                                      'remit_ops_v1'::regnamespace)
            union all
            select 'function', p.oid::regprocedure::text, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
              from pg_proc p
             where p.pronamespace in ('remit'::regnamespace, 'remit_v1'::regnamespace, 'remit_worker_v1'::regnamespace,
                                      'remit_ops_v1'::regnamespace)
        )
        select distinct o.kind, o.name, case when a.grantee = 0 then 'public' else a.grantee::regrole::text end as grantee
          from objects o, aclexplode(nullif(o.acl, '{}')) a
         where a.grantee <> o.owner
    loop
        execute format('revoke all on %s %s from %s cascade', taken.kind, taken.name, taken.grantee);
    end loop;
end;
$$;
