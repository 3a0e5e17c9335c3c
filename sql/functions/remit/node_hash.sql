create or replace function remit.node_hash("left" bytea, "right" bytea)
    returns bytea
    language sql
    immutable
    parallel safe
-- An inner node of a tree of hashes, as RFC 9162 makes it.
--
-- Raises: nothing. Locks: nothing.
return sha256('\x01'::bytea || "left" || "right");

comment on function remit.node_hash(bytea, bytea) is
    'An inner node of a tree of hashes (RFC 9162).';
