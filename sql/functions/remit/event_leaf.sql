create or replace function remit.event_leaf(
    event_id uuid, type remit_v1.event_type, subject_id uuid, "time" timestamptz, digest bytea)
    returns bytea
    language sql
    stable -- Which its parts are: so the planner puts it in the place of its call.
    parallel safe
-- The leaf of an event in the tree of its block: SHA-256 of a zero byte, the two ids, the
-- microseconds since 2000 (8 bytes, the highest first), the digest and the type.
--
-- Raises: nothing. Locks: nothing.
return sha256('\x00'::bytea || uuid_send(event_id) || uuid_send(subject_id) || timestamptz_send("time") || digest
              || type::text::bytea);

comment on function remit.event_leaf(uuid, remit_v1.event_type, uuid, timestamptz, bytea) is
    'The leaf of an event in the tree of its block.';
