create or replace function remit.labels_check(reference text, metadata jsonb)
    returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
-- Refuses a reference or metadata that breaks the rules which users and wallets share.
--
-- Raises: WL001. Locks: nothing.
begin
    if length(labels_check.reference) > 200 then
        perform remit.field_refuse('reference', 'at most 200 characters');
    end if;
    if not remit.metadata_is_valid(labels_check.metadata) then
        perform remit.field_refuse('metadata', 'a flat object of strings, at most 4 KiB');
    end if;
end;
$$;

comment on function remit.labels_check(text, jsonb) is
    'Raises WL001 for a reference or metadata that breaks the rules.';
