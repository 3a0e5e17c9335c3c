create or replace function remit_worker_v1.outbox_read(request_limit integer, held bigint[] default '{}')
    returns setof remit_worker_v1.event
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
    set jit = off -- An estimate for a table that is large would have each call compiled, which costs more than it does.
    set enable_seqscan = off -- The plan is kept; one made while the tables are small must serve when they are large.
    set enable_bitmapscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- The oldest unpublished events, in order of id, without those of these ids: what the relay is publishing while it reads
-- on. Not "those after the last of them": a late commit may come before it.
--
-- Only the active relay calls this. A relay that dies before it settles publishes the same events
-- again: consumers drop duplicates by event id. A transfer's data comes from its journal row.
--
-- Rows that were removed stay in the index as long as somebody's snapshot is older (a backup, verify), and reading over
-- them costs more at each call. So the session remembers a floor: below it are no events and none can come. outbox_mark
-- remembers the last number that was given out, whenever events are settled, and here when there are none. Once all
-- transactions of that moment have ended, each number up to the mark is in sight or gone, and the floor rises to the first
-- that is in sight: an open transaction is never overtaken. Once a minute the floor is forgotten all the same, and rises
-- anew; more rarely where the read over what a snapshot keeps has taken long, so that such reads take a few thousandths of
-- the relay's time at most.
--
-- Raises: nothing. Locks: nothing.
declare
    sweep_s_min constant integer := 60;
    sweep_s_max constant integer := 3600;
    start constant timestamptz := clock_timestamp();
    second constant bigint := extract(epoch from start)::bigint;
    -- The floor, the mark's number and transaction, if there is one, and when the floor is forgotten next.
    known bigint[] := nullif(current_setting('remit.outbox_known', true), '')::bigint[];
    is_sweep constant boolean := known is null or known[4] not between second and second + sweep_s_max;
    first_id bigint;
    is_empty boolean;
begin
    if known[2] is not null and pg_snapshot_xmin(pg_current_snapshot())::text::bigint > known[3] then
        select h.id into first_id from remit.outbox h where h.id >= known[1] order by h.id limit 1;
        known := array[least(first_id, known[2] + 1), null, null, known[4]];
        perform set_config('remit.outbox_known', known::text, false);
    end if;
    if is_sweep then
        known[1] := 0;
    end if;

    return query
    select o.ledger_id, o.id, o.event_id, o.type, o.subject_id, o.request_id,
           case when t.id is null then o.data::json else json_build_object(
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
      from (select h.* from remit.outbox h
             where h.id >= known[1]
               and h.id not in (select i.id from unnest(held) as i (id) where i.id is not null) -- Hashed, once a call.
             order by h.id
             limit request_limit) o
           left join lateral ( -- One lookup for each: also by a plan that was made for an empty table.
               select j.* from remit.transfers j
                where o.data is null and j.ledger_id = o.ledger_id and j.id = o.subject_id
               offset 0) t on true
     order by o.id;
    is_empty := not found;

    if is_sweep then
        known := array[0, known[2], known[3], second + least(sweep_s_max, greatest(sweep_s_min,
            (1000 * extract(epoch from clock_timestamp() - start))::bigint))];
        perform set_config('remit.outbox_known', known::text, false);
    end if;
    if is_empty and known[1] = 0 then -- There is nothing to settle, so that the floor would not rise.
        perform remit.outbox_mark();
    end if;
end;
$$;

comment on function remit_worker_v1.outbox_read(integer, bigint[]) is
    'The oldest unpublished events but those held. At least once: drop duplicates by event id.';

grant execute on function remit_worker_v1.outbox_read(integer, bigint[]) to remit_worker;
