create or replace function remit.state_of_ledger(told remit.ledgers)
    returns jsonb
    language sql
    stable
    parallel safe
-- The data of a ledger's ledger.created.
--
-- Raises: nothing. Locks: nothing.
return jsonb_build_object('ledger_id', told.ledger_id, 'name', told.name, 'created_at', remit.moment_text(told.created_at));

comment on function remit.state_of_ledger(remit.ledgers) is
    'The data of a ledger''s event ledger.created.';
