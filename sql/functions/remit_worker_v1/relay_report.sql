create or replace function remit_worker_v1.relay_report(broker_blocked boolean)
    returns boolean
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- What the active relay says of its work: whether the broker takes nothing. It counts until another
-- relay leads, and no longer than this session does. Gives whether this session is the active
-- relay; nobody else is believed.
--
-- Raises: WL001. Locks: the row of remit.relay.
begin
    if relay_report.broker_blocked is null then
        perform remit.field_refuse('broker_blocked', 'true or false');
    end if;
    if remit.relay_holder() is distinct from pg_backend_pid() then
        return false;
    end if;
    update remit.relay set broker_blocked = relay_report.broker_blocked;
    return true;
end;
$$;

comment on function remit_worker_v1.relay_report(boolean) is
    'What the active relay says of its work. Gives whether this session is the active relay.';

grant execute on function remit_worker_v1.relay_report(boolean) to remit_worker;
