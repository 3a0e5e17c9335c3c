create or replace function remit_worker_v1.relay_is_active()
    returns boolean
    language sql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Whether some session of this database is the active relay.
--
-- Raises: nothing. Locks: nothing.
    select exists (
        select from pg_locks l
          join pg_database d on d.oid = l.database
         where l.locktype = 'advisory'
           and l.granted
           and d.datname = current_database()
           and (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('remit relay', 0)
    );
$$;

comment on function remit_worker_v1.relay_is_active() is
    'Whether some session of this database is the active relay.';

grant execute on function remit_worker_v1.relay_is_active() to remit_worker;
