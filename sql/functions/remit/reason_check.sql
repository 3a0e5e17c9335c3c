create or replace function remit.reason_check(reason text, key_sha256 bytea)
    returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
-- Refuses an operator's action without a reason: a person says why. A program may, and its key says
-- who.
--
-- Raises: WL001. Locks: nothing.
begin
    if length(reason) not between 1 and 200 or (reason is null and key_sha256 is null) then
        perform remit.field_refuse('reason', '1 to 200 characters');
    end if;
end;
$$;

comment on function remit.reason_check(text, bytea) is
    'Raises WL001 for an operator''s action without a reason.';
