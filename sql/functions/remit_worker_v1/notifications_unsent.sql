create or replace function remit_worker_v1.notifications_unsent(ledger_id bigint, event_ids uuid[])
    returns setof uuid
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
    -- Compiled for an estimate that is large, a call would cost more than it saves.
    set jit = off
    -- The plan is kept; one made while the table is small must serve when it is large.
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- Those of the events of which no notification was sent yet.
--
-- Raises: WL001. Locks: nothing.
begin
    if cardinality(event_ids) > 1000 then
        perform remit.field_refuse('event_ids', 'at most 1000');
    end if;
    return query
    select distinct e.id
      from unnest(event_ids) as e (id)
     -- One lookup for each: what may be joined is, by a plan that was made for an empty table.
     where (
               select true from remit.notifications n
                where n.ledger_id = notifications_unsent.ledger_id and n.event_id = e.id) is null;
end;
$$;

comment on function remit_worker_v1.notifications_unsent(bigint, uuid[]) is
    'Those of the events of which no notification was sent yet.';

grant execute on function remit_worker_v1.notifications_unsent(bigint, uuid[]) to remit_worker;
