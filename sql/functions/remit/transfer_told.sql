create or replace function remit.transfer_told(told remit.transfers)
    returns remit_v1.transfer_result
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- A row of the journal as it is told, with what was reversed of it.
--
-- Raises: nothing. Locks: nothing.
    select (told.id, told.outcome, null, false, told.source_id, told.target_id, told.amount, told.currency,
            told.source_version, told.source_balance, told.target_version, told.target_balance,
            told.reference, told.metadata, told.request_id, told.created_at, told.terms, told.amount_asked, told.effect,
            coalesce(v.amount, 0), coalesce(v.reversal_ids, '{}'))::remit_v1.transfer_result
      from (values (1)) as one (row)
           left join remit.reversed_transfers v on v.ledger_id = told.ledger_id and v.transfer_id = told.id;
$$;

comment on function remit.transfer_told(remit.transfers) is
    'A row of the journal as it is told, with what was reversed of it.';
