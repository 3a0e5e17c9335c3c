create or replace function remit_v1.ledger_get(ledger_id bigint, key_sha256 bytea default null)
    returns remit_v1.ledger_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- The caller's ledger.
--
-- Raises: WL009, WL016. Locks: nothing.
declare
    result remit_v1.ledger_result;
begin
    perform remit.caller_admit(ledger_get.ledger_id, ledger_get.key_sha256, 'read');
    perform remit.ledger_check(ledger_get.ledger_id);
    select l.ledger_id, l.name, l.created_at into strict result
      from remit.ledgers l
     where l.ledger_id = ledger_get.ledger_id;
    return result;
end;
$$;

comment on function remit_v1.ledger_get(bigint, bytea) is 'The caller''s ledger.';

grant execute on function remit_v1.ledger_get(bigint, bytea) to remit_server, remit_operator;
