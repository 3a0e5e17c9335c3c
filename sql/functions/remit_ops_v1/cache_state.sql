create or replace function remit_ops_v1.cache_state()
    returns remit_ops_v1.cache_state
    language sql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Which generation of the wallet cache there is, how long ago it began, and the Redis that it is
-- in, if it is open.
--
-- The place leads every key in Redis. It is another one for a copy of the database, by the cluster
-- and the database's number, and after a restore to a moment, by the timeline: what is in Redis is
-- then about changes that never were.
--
-- Raises: nothing. Locks: nothing.
    select c.instance_id,
           left(encode(sha256(convert_to(
               format('%s %s %s', c.instance_id, s.system_identifier, d.oid), 'UTF8')), 'hex'), 16)
               || ':' || ltrim(left(pg_walfile_name(pg_current_wal_insert_lsn()), 8), '0'),
           c.generation,
           (extract(epoch from clock_timestamp() - c.advanced_at) * 1000)::bigint,
           c.redis_id
      from remit.cache c
     cross join pg_control_system() s
     cross join pg_database d
     where d.datname = current_database();
$$;

comment on function remit_ops_v1.cache_state() is
    'Which generation of the wallet cache there is, and the Redis that it is in, if it is open.';

grant execute on function remit_ops_v1.cache_state() to remit_server, remit_worker, remit_operator;
