create or replace function remit_ops_v1.cache_open(closed_generation bigint, redis_id text)
    returns remit_ops_v1.cache_state
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Opens a generation of the wallet cache in the Redis with this replication id, if the one that is
-- there is still the closed one that the caller knows. Of callers at the same time the first wins.
--
-- The caller has known the closed one for so long that no process can still believe in the one
-- before.
--
-- Raises: WL001. Locks: the row of the cache.
begin
    if octet_length(cache_open.redis_id) not between 1 and 64 then
        perform remit.field_refuse('redis_id', '1 to 64 bytes');
    end if;
    update remit.cache c
       set generation = c.generation + 1, advanced_at = clock_timestamp(), redis_id = cache_open.redis_id
     where c.generation = closed_generation
       and c.redis_id is null;
    return remit_ops_v1.cache_state();
end;
$$;

comment on function remit_ops_v1.cache_open(bigint, text) is
    'Opens a generation of the wallet cache in a Redis, in place of the closed one that the caller knows.';

grant execute on function remit_ops_v1.cache_open(bigint, text) to remit_server;
