create or replace function remit.moment_number(moment timestamptz)
    returns bigint
    language sql
    immutable
    parallel safe
-- A moment as the hashes of the log have it: microseconds since 2000.
--
-- Raises: nothing. Locks: nothing.
return ('x' || encode(timestamptz_send(moment), 'hex'))::bit(64)::bigint;

comment on function remit.moment_number(timestamptz) is
    'A moment as the hashes of the log have it: microseconds since 2000.';
