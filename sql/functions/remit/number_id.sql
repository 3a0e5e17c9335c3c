create or replace function remit.number_id(number bigint)
    returns uuid
    language sql
    immutable
    parallel safe
-- A number as a UUID of version 8 (RFC 9562, section 5.8): an event names a ledger or a row of the
-- audit log so, as they have no UUID.
--
-- Raises: nothing. Locks: nothing.
return ('00000000000080008' || lpad(to_hex(number), 15, '0'))::uuid;

comment on function remit.number_id(bigint) is
    'A number as a UUID, by which an event names a ledger or a row of the audit log.';
