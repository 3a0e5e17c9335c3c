create or replace function remit_worker_v1.outbox_rise(floor_id bigint, mark remit_worker_v1.outbox_mark)
    returns bigint
    language plpgsql
    stable
    strict
    security definer
    set search_path = pg_catalog, pg_temp
    set jit = off
    set enable_seqscan = off -- The plan is kept; one made while the table is small must serve when it is large.
    set enable_bitmapscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- The floor that follows from a mark: a number below which no event is and none can come. Null
-- while a transaction from before the mark is open, because that may still add one.
--
-- Once all of them have ended, each event up to the mark is in sight or gone: the function is
-- stable, so that it asks and looks with one snapshot. The floor is the first event in sight, or
-- the number behind the mark where that is lower. What is below floor_id, the floor until now, is
-- not looked at.
--
-- Raises: nothing. Locks: nothing.
declare
    first_id bigint;
begin
    if (pg_snapshot_xmin(pg_current_snapshot())::text::bigint > mark.xid) is not true then
        return null;
    end if;
    select o.id into first_id from remit.outbox o where o.id >= floor_id order by o.id limit 1;
    return least(first_id, mark.last_id + 1);
end;
$$;

comment on function remit_worker_v1.outbox_rise(bigint, remit_worker_v1.outbox_mark) is
    'The number below which no event is and none can come, or null while a transaction from before the mark is open.';

grant execute on function remit_worker_v1.outbox_rise(bigint, remit_worker_v1.outbox_mark) to remit_worker;
