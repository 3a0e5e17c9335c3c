create or replace function remit.event_digest(data jsonb)
    returns bytea
    language sql
    immutable
    parallel safe
-- The digest of an event that carries its data. It is made as that of a journal row without labels.
--
-- Raises: nothing. Locks: nothing.
return sha256(convert_to(data::text, 'UTF8') || sha256(''));

comment on function remit.event_digest(jsonb) is
    'The digest of an event that carries its data.';
