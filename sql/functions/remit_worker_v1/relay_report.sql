create or replace function remit_worker_v1.relay_report(broker_blocked boolean, aside_ids bigint[])
    returns boolean
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- What the active relay says of its work: whether the broker takes nothing, and which events it has
-- set aside. It counts until another relay leads, and no longer than this session does. Gives
-- whether this session is the active relay; nobody else is believed.
--
-- Raises: WL001. Locks: the row of remit.relay.
begin
    if relay_report.broker_blocked is null then
        perform remit.field_refuse('broker_blocked', 'true or false');
    elsif relay_report.aside_ids is null or cardinality(relay_report.aside_ids) > 10000 then
        perform remit.field_refuse('aside_ids', 'at most 10000');
    end if;
    if remit.relay_holder() is distinct from pg_backend_pid() then
        return false;
    end if;
    update remit.relay
       set broker_blocked = relay_report.broker_blocked, aside_ids = relay_report.aside_ids;
    return true;
end;
$$;

comment on function remit_worker_v1.relay_report(boolean, bigint[]) is
    'What the active relay says of its work. Gives whether this session is the active relay.';

grant execute on function remit_worker_v1.relay_report(boolean, bigint[]) to remit_worker;
