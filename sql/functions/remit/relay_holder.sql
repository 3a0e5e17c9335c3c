create or replace function remit.relay_holder()
    returns integer
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- The process of the session that is the active relay; null if there is none.
--
-- It holds the advisory lock of the number in remit.relay. Another role sees that number while the
-- lock is held, and may take it later: a session of a role that is no worker's does not count.
--
-- Raises: nothing. Locks: nothing.
    select min(l.pid)
      from remit.relay r
      join pg_locks l on (l.classid::bigint << 32 | l.objid::bigint) = r.lock_number
      join pg_database d on d.oid = l.database
      join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.objsubid = 1 and l.granted and l.mode = 'ExclusiveLock'
       and d.datname = current_database()
       and pg_has_role(a.usesysid, 'remit_worker', 'member');
$$;

comment on function remit.relay_holder() is
    'The process of the session that is the active relay; null if there is none.';
