create or replace function remit_worker_v1.relay_is_active()
    returns boolean
    language sql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Whether some session of this database is the active relay.
--
-- Raises: nothing. Locks: nothing.
    select remit.relay_holder() is not null;
$$;

comment on function remit_worker_v1.relay_is_active() is
    'Whether some session of this database is the active relay.';

grant execute on function remit_worker_v1.relay_is_active() to remit_worker;
