create or replace function remit.hour_number(moment timestamptz)
    returns bigint
    language sql
    immutable
    strict
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
-- The number of whole hours from 1970 to a moment.
--
-- Raises: nothing. Locks: nothing.
    select floor(extract(epoch from moment) / 3600)::bigint;
$$;

comment on function remit.hour_number(timestamptz) is
    'The number of whole hours from 1970 to a moment.';
