create or replace function remit.event_id(created_at timestamptz, number bigint)
    returns uuid
    language sql
    immutable
    parallel safe
-- The id of an event: a UUID of version 7 (RFC 9562) of its moment and its number, which no two
-- have. So events that are next to each other in time are next to each other in an index of a
-- consumer's.
--
-- Raises: nothing. Locks: nothing.
return (lpad(to_hex(floor(extract(epoch from created_at) * 1000)::bigint), 12, '0') || '70008' || lpad(to_hex(number), 15, '0'))::uuid;

comment on function remit.event_id(timestamptz, bigint) is
    'The id of an event, of its moment and its number in the outbox.';
