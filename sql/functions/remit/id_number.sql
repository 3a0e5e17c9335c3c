create or replace function remit.id_number(id uuid)
    returns bigint
    language sql
    immutable
    parallel safe
-- The number of a UUID that number_id has made.
--
-- Raises: nothing. Locks: nothing.
return ('x' || right(replace(id::text, '-', ''), 15))::bit(60)::bigint;

comment on function remit.id_number(uuid) is
    'The number of a UUID that number_id has made.';
