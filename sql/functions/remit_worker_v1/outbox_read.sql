create or replace function remit_worker_v1.outbox_read(
        request_limit integer, held bigint[] default '{}', floor_id bigint default 0)
    returns setof remit_worker_v1.event
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
    set jit = off -- An estimate for a table that is large would have each call compiled, which costs more than it does.
    set enable_seqscan = off -- The plan is kept; one made while the tables are small must serve when they are large.
    set enable_bitmapscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- The oldest unpublished events, in order of id, without those of the ids that are held: what the
-- relay is publishing while it reads on. Not "those after the last of them": a late commit may come
-- before it.
--
-- Only the active relay calls this. A relay that dies before it settles publishes the same events
-- again: consumers drop duplicates by event id. A transfer's data comes from its journal row.
--
-- Rows that were removed stay in the index as long as a snapshot is older (a backup's, verify's),
-- and reading over them costs more at each call. So the relay reads from its floor, a number below
-- which no event is and none can come: outbox_mark and outbox_rise find it.
--
-- Raises: WL001. Locks: nothing.
begin
    if request_limit is null or request_limit not between 1 and 100000 then
        perform remit.field_refuse('request_limit', '1 to 100000');
    elsif cardinality(held) > 10000 then
        perform remit.field_refuse('held', 'at most 10000');
    end if;
    return query
    select o.ledger_id, o.id, o.event_id, o.type::text, o.subject_id, o.request_id::text,
           case when t.id is null then o.data::json
                when t.terms is null and t.effect is null then d.data
                else (d.data::jsonb || remit.terms_data(t))::json
           end,
           o.created_at
      from (select h.* from remit.outbox h
             where h.id >= floor_id
               and h.id not in (select i.id from unnest(held) as i (id) where i.id is not null) -- Hashed, once a call.
             order by h.id
             limit request_limit) o
           left join lateral ( -- One lookup for each: also by a plan that was made for an empty table.
               select j.* from remit.transfers j
                where o.data is null and j.ledger_id = o.ledger_id and j.id = o.subject_id
               offset 0) t on true
           cross join lateral (
               select json_build_object(
                   'transfer_id', t.id,
                   'status', case t.outcome when 'posted' then 'posted' else 'rejected' end,
                   'reason', case when t.outcome <> 'posted' then t.outcome end,
                   'source_id', t.source_id, 'target_id', t.target_id,
                   'amount', t.amount, 'currency', t.currency,
                   'source_version', t.source_version, 'source_balance', t.source_balance,
                   'target_version', t.target_version, 'target_balance', t.target_balance,
                   'reference', t.reference, 'metadata', t.metadata, 'created_at', remit.moment_text(t.created_at)) as data
               offset 0) d
     order by o.id;
end;
$$;

comment on function remit_worker_v1.outbox_read(integer, bigint[], bigint) is
    'The oldest unpublished events from the floor on but those held. At least once: drop duplicates by event id.';

grant execute on function remit_worker_v1.outbox_read(integer, bigint[], bigint) to remit_worker;
