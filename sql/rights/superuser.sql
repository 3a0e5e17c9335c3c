-- What only a superuser may forbid in a database. Without this any role could fill the disk with
-- large objects and temporary files, the log with messages, and the table of locks with advisory
-- locks.
--
-- `remit migrate` runs it where its login is a superuser. Otherwise a superuser runs it once:
--     psql -U postgres -d remit -f sql/rights/superuser.sql

do $$
declare
    function regprocedure;
    -- Whose functions take an advisory lock for the relay.
    owner regrole := coalesce((select c.relowner from pg_class c where c.oid = to_regclass('public.refinery_schema_history')),
                              (select d.datdba from pg_database d where d.datname = current_database()));
begin
    for function in
        select p.oid from pg_proc p
         where p.pronamespace = 'pg_catalog'::regnamespace
           and (p.proname ~ '^pg_(try_)?advisory_(xact_)?lock'
                or p.proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_open', 'lo_put', 'lowrite', 'lo_truncate',
                                 'lo_truncate64', 'lo_unlink', 'pg_logical_emit_message'))
    loop
        execute format('revoke execute on function %s from public', function);
        execute format('grant execute on function %s to %s', function, owner);
    end loop;
    -- Of one process. The owner has none: an index that is built anew needs what it needs.
    if not exists (
        select from pg_db_role_setting s, unnest(s.setconfig) c
         where s.setrole = 0 and c like 'temp_file_limit=%'
           and s.setdatabase = (select d.oid from pg_database d where d.datname = current_database()))
    then
        execute format('alter database %I set temp_file_limit = ''1GB''', current_database());
        execute format('alter role %s in database %I set temp_file_limit = -1', owner, current_database());
    end if;
end;
$$;
