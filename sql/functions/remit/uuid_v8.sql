create or replace function remit.uuid_v8(digest bytea)
    returns uuid
    -- Keeps its plan, where a function in SQL is parsed anew by each statement that calls it.
    language plpgsql
    immutable
    strict
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
-- The first 16 bytes of a digest as a UUID of version 8 (RFC 9562, section 5.8).
--
-- Raises: nothing. Locks: nothing.
begin
    return encode(
        set_byte(
            set_byte(substring(digest for 16), 6, (get_byte(digest, 6) & 15) | 128),
            8, (get_byte(digest, 8) & 63) | 128
        ), 'hex')::uuid;
end;
$$;

comment on function remit.uuid_v8(bytea) is
    'The first 16 bytes of a digest as a UUID of version 8.';
