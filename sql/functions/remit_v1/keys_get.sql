create or replace function remit_v1.keys_get(ledger_ids bigint[], key_sha256s bytea[])
    returns setof remit_v1.caller
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
    -- The plan is kept; one made while the table is small must serve when it is large.
    set enable_seqscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan
as $$
-- The valid keys among those with these ledgers and SHA-256s, in no particular order.
--
-- For servers, which remember the answer for a few seconds. It is no permission: each function asks
-- again.
--
-- Raises: WL001; 25000 in a transaction that does not see what is committed now. Locks: nothing.
begin
    if not remit.sees_now() then
        perform remit.isolation_refuse();
    end if;
    if cardinality(ledger_ids) > 1000 or cardinality(key_sha256s) > 1000 then
        perform remit.field_refuse('key_sha256s', 'at most 1000');
    end if;
    return query
    select k.ledger_id, k.sha256, k.id, k.scope, k.user_id, k.expires_at
      from unnest(ledger_ids, key_sha256s) as r (ledger_id, sha256)
      join remit.valid_keys k on k.ledger_id = r.ledger_id and k.sha256 = r.sha256;
end;
$$;

comment on function remit_v1.keys_get(bigint[], bytea[]) is
    'The valid keys among those with these ledgers and SHA-256s.';

grant execute on function remit_v1.keys_get(bigint[], bytea[]) to remit_server;
