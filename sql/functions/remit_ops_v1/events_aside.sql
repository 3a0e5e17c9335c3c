create or replace function remit_ops_v1.events_aside()
    returns setof remit_ops_v1.event_aside
    language sql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- The events that the broker does not get, because it would never take them as they are. They are
-- in the log all the same, and other readers have them. A replay that it takes removes them here.
--
-- Raises: nothing. Locks: nothing.
    select a.ledger_id, a.position, e.id, e.type, e.subject_id, a.reason, a.at
      from remit.events_aside a
     cross join lateral (select s.* from remit.log_slice(a.ledger_id, a.position - 1, a.position) s offset 0) e
     order by a.ledger_id, a.position;
$$;

comment on function remit_ops_v1.events_aside() is
    'The events that the broker does not get, because it would never take them as they are.';

grant execute on function remit_ops_v1.events_aside() to remit_operator;
