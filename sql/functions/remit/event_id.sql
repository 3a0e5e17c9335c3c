create or replace function remit.event_id(created_at timestamptz, number bigint)
    returns uuid
    language sql
    stable -- Which its parts are: so the planner puts it in the place of its call.
    parallel safe
-- The id of an event: a UUID of version 7 (RFC 9562) of its moment and its number, which no two
-- have. So events that are next to each other in time are next to each other in an index of a
-- consumer's.
--
-- Raises: nothing. Locks: nothing.
-- Of 16 digits each: 12 of the moment and 7000, then 8 and 15 of the number.
return encode(int8send(floor(extract(epoch from created_at) * 1000)::bigint << 16 | 28672)
              || int8send(number | (-9223372036854775808)::bigint), 'hex')::uuid;

comment on function remit.event_id(timestamptz, bigint) is
    'The id of an event, of its moment and its number in the outbox.';
