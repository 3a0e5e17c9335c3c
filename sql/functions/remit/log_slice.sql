create or replace function remit.log_slice(
    ledger_id bigint, after bigint, until bigint, types remit_v1.event_type[] default null)
    returns setof remit_v1.event
    language plpgsql
    stable
    rows 1000
    -- The plan is made for any table: blocks and rows of the journal are looked up.
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set jit = off
    set plan_cache_mode = force_generic_plan -- A plan for each call would cost more than the call.
as $$
-- The events of a ledger at the positions after one and up to another, in order: those of the
-- types, where there are any.
--
-- Raises: nothing. Locks: nothing.
begin
    return query
    select b.ledger_id, b.position - cardinality(b.event_ids) + e.place, e.event_id, e.type::text, e.subject_id,
           (j.t).request_id::text, e.traceparent, e.time, e.data::json,
           case when (j.t).id is not null then remit.transfer_of_event(j.t) end
      from remit.log_blocks b
      left join remit.log_details d on d.ledger_id = b.ledger_id and d.position = b.position
     cross join lateral unnest(b.event_ids, b.types, b.subject_ids, b.times, d.datas, d.traceparents)
           with ordinality as e (event_id, type, subject_id, "time", data, traceparent, place)
      left join lateral (
           select t from remit.transfers t
            where remit.event_is_of_journal(e.type) and t.ledger_id = b.ledger_id and t.id = e.subject_id
           offset 0) as j (t) on true
     where b.ledger_id = log_slice.ledger_id
       and b.position > log_slice.after
       and b.position <= coalesce(
               -- Not min(): planned for an empty table, that would read all there is.
               (select l.position from remit.log_blocks l
                 where l.ledger_id = log_slice.ledger_id and l.position >= log_slice.until
                 order by l.position limit 1),
               log_slice.until)
       and b.position - cardinality(b.event_ids) + e.place > log_slice.after
       and b.position - cardinality(b.event_ids) + e.place <= log_slice.until
       and (log_slice.types is null or e.type = any (log_slice.types))
     order by b.position, e.place;
end;
$$;

comment on function remit.log_slice(bigint, bigint, bigint, remit_v1.event_type[]) is
    'The events of a ledger at the positions after one and up to another.';
