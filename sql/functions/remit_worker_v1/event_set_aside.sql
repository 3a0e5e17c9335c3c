create or replace function remit_worker_v1.event_set_aside(ledger_id bigint, "position" bigint, reason text)
    returns void
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Writes down that the broker will never take an event as it is, and why: its cursor goes on
-- without it.
--
-- Raises: WL001. Locks: nothing.
begin
    if event_set_aside.ledger_id is null then
        perform remit.field_refuse('ledger_id', 'not null');
    elsif event_set_aside.position is null or event_set_aside.position not between 1 and remit.log_position(event_set_aside.ledger_id) then
        perform remit.field_refuse('position', 'that of an event');
    elsif coalesce(octet_length(event_set_aside.reason), 0) not between 1 and 500 then
        perform remit.field_refuse('reason', '1 to 500 bytes');
    end if;
    insert into remit.events_aside (ledger_id, position, reason, at)
    values (event_set_aside.ledger_id, event_set_aside.position, event_set_aside.reason, clock_timestamp())
    on conflict do nothing;
end;
$$;

comment on function remit_worker_v1.event_set_aside(bigint, bigint, text) is
    'Writes down that the broker will never take an event as it is.';

grant execute on function remit_worker_v1.event_set_aside(bigint, bigint, text) to remit_worker;
