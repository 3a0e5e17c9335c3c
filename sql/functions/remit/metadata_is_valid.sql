create or replace function remit.metadata_is_valid(metadata jsonb)
    returns boolean
    language sql
    immutable
    parallel safe
-- Whether metadata is absent, or a flat object of strings of at most 4 KiB as PostgreSQL writes it.
--
-- Raises: nothing. Locks: nothing.
return metadata is null
    or (pg_column_size(metadata) <= 8192 -- First: the text of a large one may be too long for a text.
        and jsonb_typeof(metadata) = 'object'
        and octet_length(metadata::text) <= 4096
        and not jsonb_path_exists(metadata, '$.*.type() ? (@ != "string")'));

comment on function remit.metadata_is_valid(jsonb) is
    'Whether metadata is absent or a flat object of strings of at most 4 KiB.';
