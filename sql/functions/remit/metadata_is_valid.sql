create or replace function remit.metadata_is_valid(metadata jsonb)
    returns boolean
    language plpgsql -- Keeps its plan, where a function in SQL is parsed anew by each statement that calls it.
    immutable
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
-- Whether metadata is absent, or a flat object of strings of at most 4 KiB as PostgreSQL writes it.
--
-- Raises: nothing. Locks: nothing.
begin
    return metadata is null
        or (jsonb_typeof(metadata) = 'object'
            and octet_length(metadata::text) <= 4096
            and not jsonb_path_exists(metadata, '$.*.type() ? (@ != "string")'));
end;
$$;

comment on function remit.metadata_is_valid(jsonb) is
    'Whether metadata is absent or a flat object of strings of at most 4 KiB.';
