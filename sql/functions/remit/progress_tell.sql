create or replace function remit.progress_tell(ledger_id bigint, done text)
    returns void
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- Tells a caller that has set remit.progress to on how far verify is, as a notice.
--
-- Raises: nothing. Locks: nothing.
begin
    if current_setting('remit.progress', true) = 'on' then
        raise notice using message = format('ledger %s: %s', progress_tell.ledger_id, progress_tell.done);
    end if;
end;
$$;

comment on function remit.progress_tell(bigint, text) is
    'Tells a caller that has set remit.progress how far verify is.';
