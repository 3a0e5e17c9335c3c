create or replace function remit_worker_v1.relay_lead()
    returns boolean
    language sql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Whether this session is the active relay from now on, until it ends. Others stand by.
--
-- The lock and the outbox belong to one session: a relay that loses its connection has lost both.
--
-- Raises: nothing. Locks: the advisory lock of the relay, if it is free.
    select pg_try_advisory_lock(hashtextextended('remit relay', 0));
$$;

comment on function remit_worker_v1.relay_lead() is
    'Whether this session is the active relay from now on, until it ends.';

grant execute on function remit_worker_v1.relay_lead() to remit_worker;
