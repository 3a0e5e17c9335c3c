create or replace function remit.relay_holder()
    returns integer
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- The process of the session that is the active relay; null if there is none.
--
-- Raises: nothing. Locks: nothing.
    select remit.lock_holder(r.lock_number) from remit.relay r;
$$;

comment on function remit.relay_holder() is
    'The process of the session that is the active relay; null if there is none.';
