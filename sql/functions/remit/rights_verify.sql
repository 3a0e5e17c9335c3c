create or replace function remit.rights_verify()
    returns setof text
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- What differs between the rights that are and those that the repository has: a sentence for each
-- difference. The rights of all roles and of public count, but not the owner's.
--
-- Raises: nothing. Locks: nothing.
    with schemas as (
        select n.oid, n.nspname, n.nspowner, n.nspacl
          from pg_namespace n where n.nspname in ('remit', 'remit_v1', 'remit_worker_v1', 'remit_ops_v1')
    ), roles as (
        select r.oid, r.rolname, r.rolsuper or r.rolcreatedb or r.rolcreaterole or r.rolreplication or r.rolbypassrls as is_strong
          from pg_roles r where r.rolname in ('remit_server', 'remit_worker', 'remit_operator', 'remit_auditor')
    ), objects as (
        select s.nspname::text as name, s.nspowner as owner, coalesce(s.nspacl, acldefault('n', s.nspowner)) as acl
          from schemas s
        union all
        select c.oid::regclass::text, c.relowner,
               coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's'::"char" else 'r' end, c.relowner))
                   || array(select unnest(a.attacl) from pg_attribute a where a.attrelid = c.oid and a.attacl is not null)
          from pg_class c join schemas s on s.oid = c.relnamespace
         where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        union all
        select p.oid::regprocedure::text, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
          from pg_proc p join schemas s on s.oid = p.pronamespace
    ), held as (
        select coalesce(r.rolname::text, 'public') as role, a.privilege_type as privilege, o.name as object
          from objects o
         cross join aclexplode(nullif(o.acl, '{}')) a
          left join pg_roles r on r.oid = a.grantee
         where a.grantee <> o.owner
        union all
        select 'public', a.privilege_type, 'database ' || d.datname
          from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
         where d.datname = current_database() and a.grantee = 0 and a.privilege_type <> 'CONNECT'
    )
    select format('%s has %s on %s', h.role, h.privilege, h.object)
      from (select * from held except select * from remit.rights_expected()) h
    union all
    select format('%s lacks %s on %s', e.role, e.privilege, e.object)
      from (select * from remit.rights_expected() except select * from held) e
    union all
    select format('role %s is missing', e.role)
      from (select distinct x.role from remit.rights_expected() x) e
     where not exists (select from roles r where r.rolname = e.role)
    union all
    select format('role %s may more than log in', r.rolname) from roles r where r.is_strong
    union all
    select format('%s is a member of %s', r.rolname, m.roleid::regrole)
      from roles r join pg_auth_members m on m.member = r.oid
    union all
    select format('%s belongs to %s, and the schema remit to %s', o.name, o.owner::regrole, s.nspowner::regrole)
      from objects o join schemas s on s.nspname = 'remit' and s.nspowner <> o.owner;
$$;

comment on function remit.rights_verify() is
    'What differs between the rights that are and those that the repository has, a sentence each.';
