create or replace function remit.link_number(salt bytea, id uuid, type remit_v1.event_type, digest bytea)
    returns bigint
    language sql
    immutable
    parallel safe
-- A number for what an event is about, its type and its digest: the first 8 bytes of a SHA-256.
-- With a salt that nobody knows before, nobody can make two collections that differ and have the
-- same sum of them.
--
-- Raises: nothing. Locks: nothing.
return ('x' || left(encode(sha256(salt || uuid_send(id) || convert_to(type::text, 'UTF8') || digest), 'hex'), 16))::bit(64)::bigint;

comment on function remit.link_number(bytea, uuid, remit_v1.event_type, bytea) is
    'A number for what an event is about, its type and its digest, by which collections of them are compared.';
