-- The four roles, which belong to the whole cluster: another database may have made them, even at
-- this moment. Each `remit migrate` runs this as its login, which must be allowed to make roles
-- where something is missing.

do $$
declare
    missing record;
    setting record;
begin
    for missing in
        select r.name, r.connections
          from (values ('remit_server', 60), ('remit_worker', 15), ('remit_operator', 10), ('remit_auditor', 10))
               as r (name, connections)
         where to_regrole(r.name) is null
    loop
        begin
            execute format('create role %I login connection limit %s', missing.name, missing.connections);
        exception
            when duplicate_object or unique_violation then
                null;
        end;
    end loop;

    -- What follows needs the right to alter roles. `remit migrate` warns where it is missing.
    if not (select r.rolsuper or r.rolcreaterole from pg_roles r where r.rolname = current_user) then
        return;
    end if;

    -- No login may use up the connections of all. A limit that was set by hand stays; a login that
    -- is a member of one of the roles gets the role's.
    for setting in
        select l.rolname, min(r.connections) as connections
          from (values ('remit_server', 60), ('remit_worker', 15), ('remit_operator', 10), ('remit_auditor', 10))
               as r (name, connections)
          join pg_roles l on pg_has_role(l.oid, r.name, 'member')
         where l.rolconnlimit = -1 and l.rolcanlogin and not (l.rolsuper or l.rolreplication)
         group by l.rolname
    loop
        begin
            execute format('alter role %I connection limit %s', setting.rolname, setting.connections);
        exception
            when internal_error then
                null; -- Another database's migration has just changed this role.
        end;
    end loop;

    -- A role may change its own settings for sessions to come.
    for setting in
        select r.rolname, d.datname
          from pg_db_role_setting s
          join pg_roles r on r.oid = s.setrole
          left join pg_database d on d.oid = s.setdatabase
         where r.rolname in ('remit_server', 'remit_worker', 'remit_operator', 'remit_auditor')
    loop
        execute format('alter role %I %s reset all', setting.rolname,
                       case when setting.datname is not null then format('in database %I', setting.datname) end);
    end loop;
end;
$$;
