create or replace function remit.lock_holder(lock_number bigint)
    returns integer
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- The process of the session that holds the advisory lock of a number and is a worker's; null if
-- there is none.
--
-- Another role sees a number while its lock is held, and may take it later: a session of a role
-- that is no worker's does not count.
--
-- Raises: nothing. Locks: nothing.
    select min(l.pid)
      from pg_locks l
      join pg_database d on d.oid = l.database
      join pg_stat_activity a on a.pid = l.pid
     where (l.classid::bigint << 32 | l.objid::bigint) = lock_holder.lock_number
       and l.locktype = 'advisory' and l.objsubid = 1 and l.granted and l.mode = 'ExclusiveLock'
       and d.datname = current_database()
       and pg_has_role(a.usesysid, 'remit_worker', 'member');
$$;

comment on function remit.lock_holder(bigint) is
    'The process of the workers session that holds the advisory lock of a number; null if there is none.';
