create or replace function remit.epoch()
    returns text
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- Which history of the database positions of a log are in: another one after a restore to an
-- earlier moment, and for a copy of the database. It says nothing to whom it is told but whether it
-- is the same.
--
-- Raises: nothing. Locks: nothing.
    select left(encode(sha256(convert_to((remit_ops_v1.cache_state()).place, 'UTF8')), 'hex'), 16);
$$;

comment on function remit.epoch() is
    'Which history of the database positions of a log are in.';
