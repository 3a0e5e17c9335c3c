create or replace function remit_worker_v1.outbox_read(request_limit integer)
    returns setof remit_worker_v1.event
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off -- The plan is kept; one made while the tables are small must serve when they are large.
    set enable_hashjoin = off
    set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan
as $$
-- The oldest unpublished events, in order of id.
--
-- Only the active relay calls this. A relay that dies before it settles publishes the same events
-- again: consumers drop duplicates by event id. A transfer's data comes from its journal row.
--
-- Raises: nothing. Locks: nothing.
begin
    return query
    select o.ledger_id, o.id, o.event_id, o.type, o.subject_id, o.request_id,
           case when t.id is null then o.data else jsonb_build_object(
               'transfer_id', t.id,
               'status', case t.outcome when 'posted' then 'posted' else 'rejected' end,
               'reason', case when t.outcome <> 'posted' then t.outcome end,
               'source_id', t.source_id, 'target_id', t.target_id,
               'amount', t.amount, 'currency', t.currency,
               'source_version', t.source_version, 'source_balance', t.source_balance,
               'target_version', t.target_version, 'target_balance', t.target_balance,
               'reference', t.reference, 'metadata', t.metadata, 'created_at', t.created_at)
           end,
           o.created_at
      from (select h.* from remit.outbox h order by h.id limit request_limit) o
      left join remit.transfers t
        on o.data is null and t.ledger_id = o.ledger_id and t.id = o.subject_id
     order by o.id;
end;
$$;

comment on function remit_worker_v1.outbox_read(integer) is
    'The oldest unpublished events. At least once: drop duplicates by event id.';

grant execute on function remit_worker_v1.outbox_read(integer) to remit_worker;
