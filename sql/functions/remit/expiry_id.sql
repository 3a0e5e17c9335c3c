create or replace function remit.expiry_id(hold_id uuid)
    returns uuid
    language plpgsql
    immutable
    strict
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
-- The id of the row that says that a hold has expired. It follows from the hold's, so that no hold
-- expires twice.
--
-- Raises: nothing. Locks: nothing.
begin
    return remit.uuid_v8(sha256(convert_to(chr(1) || 'expiry of hold ' || hold_id, 'UTF8')));
end;
$$;

comment on function remit.expiry_id(uuid) is 'The id of the row that says that a hold has expired.';
