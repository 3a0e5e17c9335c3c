create or replace function remit_v1.wallets_get(ledger_id bigint, wallet_ids uuid[])
    returns setof remit_v1.wallet_result
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off -- The plan is kept; one made while the table is small must serve when it is large.
    set plan_cache_mode = force_generic_plan
as $$
-- The wallets among the ids that exist, once each, in no particular order.
--
-- Raises: nothing. Locks: nothing.
begin
    return query
    select w.id, w.user_id, w.currency, w.balance, w.held, w.floor, w.status, w.version, w.status_version,
           w.reference, w.metadata, w.created_at, w.updated_at, false
      from remit.wallets w
     where w.ledger_id = wallets_get.ledger_id and w.id = any (wallets_get.wallet_ids);
end;
$$;

comment on function remit_v1.wallets_get(bigint, uuid[]) is
    'The wallets among the ids that exist, once each, in no particular order.';

grant execute on function remit_v1.wallets_get(bigint, uuid[]) to remit_server, remit_operator;
