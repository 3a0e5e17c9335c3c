create or replace function remit_ops_v1.outbox_aside()
    returns setof remit_ops_v1.waiting_event
    language sql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- The events that the active relay has set aside, because the broker will never take them as they
-- are, in order of id. The next relay that leads tries them again.
--
-- Raises: nothing. Locks: nothing.
    select o.ledger_id, o.event_id, o.type::text, o.subject_id, o.request_id::text, o.created_at
      from remit.relay r
     cross join lateral unnest(r.aside_ids) as a (id)
     cross join lateral (select h.* from remit.outbox h where h.id = a.id offset 0) o
     where remit.relay_holder() is not null
     order by o.id;
$$;

comment on function remit_ops_v1.outbox_aside() is
    'The events that the active relay has set aside. The next relay that leads tries them again.';

grant execute on function remit_ops_v1.outbox_aside() to remit_operator;
