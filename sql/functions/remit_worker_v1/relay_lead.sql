create or replace function remit_worker_v1.relay_lead()
    returns boolean
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Whether this session is the active relay from now on, until it ends. Others stand by.
--
-- The lock and the outbox belong to one session: a relay that loses its connection has lost both.
-- Only an advisory lock belongs to a session, and any role may take one. So each relay that begins
-- to lead takes a number that nobody can know before, and writes it into a table that only this
-- function writes.
--
-- Raises: nothing. Locks: the row of remit.relay, then an advisory lock until the session ends.
declare
    holder integer;
    number bigint := hashtextextended(gen_random_uuid()::text, 0);
begin
    perform from remit.relay r for update;
    holder := remit.relay_holder();
    if holder is not null then
        return holder = pg_backend_pid();
    end if;
    if not pg_try_advisory_lock(number) then
        return false;
    end if;
    update remit.relay set lock_number = number, broker_blocked = false;
    return true;
end;
$$;

comment on function remit_worker_v1.relay_lead() is
    'Whether this session is the active relay from now on, until it ends.';

grant execute on function remit_worker_v1.relay_lead() to remit_worker;
