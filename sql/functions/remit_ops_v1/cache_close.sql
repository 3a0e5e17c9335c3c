create or replace function remit_ops_v1.cache_close()
    returns remit_ops_v1.cache_state
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Closes the generation of the wallet cache that is open, for a writer that could not write to it.
-- Where none is open nothing changes: the next one will be filled with what was committed before.
--
-- The writer's change must be committed, and is to be told only when no process can still believe
-- that the generation is open.
--
-- The cache is that of all ledgers: that a person closed it stands in the audit log of ledger 1.
--
-- Raises: WL001 for a person who has not set remit.reason. Locks: the row of the cache.
begin
    if remit.session_is_operators() then
        perform remit.audit_record(1, 'cache_close', '{}', null, null, null);
    end if;
    update remit.cache
       set generation = generation + 1, advanced_at = clock_timestamp(), redis_id = null
     where redis_id is not null;
    return remit_ops_v1.cache_state();
end;
$$;

comment on function remit_ops_v1.cache_close() is
    'Closes the open generation of the wallet cache, so that its entries are never read again.';

grant execute on function remit_ops_v1.cache_close() to remit_server, remit_worker, remit_operator;
