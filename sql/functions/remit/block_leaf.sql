create or replace function remit.block_leaf(
    ledger_id bigint, block bigint, "position" bigint, created_at timestamptz, root bytea)
    returns bytea
    language sql
    immutable
    parallel safe
-- The leaf of a block in the tree of blocks: SHA-256 of a zero byte, ledger, number, position and
-- time (8 bytes each, the highest first; microseconds since 2000), and the root of its events.
--
-- Raises: nothing. Locks: nothing.
return sha256('\x00'::bytea || int8send(ledger_id) || int8send(block) || int8send("position") || timestamptz_send(created_at) || root);

comment on function remit.block_leaf(bigint, bigint, bigint, timestamptz, bytea) is
    'The leaf of a block in the tree of blocks.';
