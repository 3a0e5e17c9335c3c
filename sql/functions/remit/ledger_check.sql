create or replace function remit.ledger_check(ledger_id bigint)
    returns void
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- Refuses a ledger that does not exist.
--
-- Raises: WL009. Locks: nothing.
begin
    if not exists (select from remit.ledgers l where l.ledger_id = ledger_check.ledger_id) then
        raise exception using errcode = 'WL009', message = 'ledger not found', column = 'ledger_id';
    end if;
end;
$$;

comment on function remit.ledger_check(bigint) is
    'Raises WL009 for a ledger that does not exist.';
