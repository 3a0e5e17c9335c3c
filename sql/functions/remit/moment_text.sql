create or replace function remit.moment_text(moment timestamptz)
    returns text
    language sql
    stable
    parallel safe
-- A moment as HTTP writes it: RFC 3339 in UTC with six digits of a second, whatever the session's
-- settings are. Every text has the same length, and texts sort as moments do.
--
-- Raises: nothing. Locks: nothing.
return to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

comment on function remit.moment_text(timestamptz) is
    'A moment as HTTP writes it: RFC 3339 in UTC with six digits of a second.';
