create or replace function remit.reason_check(reason text)
    returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
-- Refuses an operator's action without a reason: a person says why, also with a key, in the call or
-- for all calls of the session in the setting remit.reason. A program may go without, as its key
-- says who.
--
-- Raises: WL001. Locks: nothing.
begin
    if length(reason) > 200 or reason !~ '[^[:space:]]'
       or (reason is null and remit.session_is_operators() and coalesce(current_setting('remit.reason', true), '') !~ '[^[:space:]]') then
        perform remit.field_refuse('reason', '1 to 200 characters, not all of them spaces, in the call or in the setting remit.reason');
    end if;
end;
$$;

comment on function remit.reason_check(text) is
    'Raises WL001 for an operator''s action without a reason.';
