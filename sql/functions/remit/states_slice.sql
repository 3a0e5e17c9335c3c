create or replace function remit.states_slice(subject_id uuid, slices integer)
    returns integer
    language sql
    immutable
    parallel safe
-- In which of so many slices verify looks at a subject: 0, 1, 2 …
--
-- Raises: nothing. Locks: nothing.
return ((uuid_hash_extended(subject_id, 0) & 9223372036854775807) % slices)::integer;

comment on function remit.states_slice(uuid, integer) is
    'In which of so many slices verify looks at a subject.';
