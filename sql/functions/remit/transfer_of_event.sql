create or replace function remit.transfer_of_event(transfer remit.transfers)
    returns remit_v1.transfer_result
    language sql
    immutable
    parallel safe
-- A row of the journal as its event tells it: as it was when it was written, whatever was reversed
-- of it since.
--
-- Raises: nothing. Locks: nothing.
return (transfer.id, transfer.outcome, null, false, transfer.source_id, transfer.target_id, transfer.amount, transfer.currency,
        transfer.source_version, transfer.source_balance, transfer.target_version, transfer.target_balance,
        transfer.reference, transfer.metadata, transfer.request_id, transfer.created_at, transfer.terms, transfer.amount_asked,
        transfer.effect, null, null)::remit_v1.transfer_result;

comment on function remit.transfer_of_event(remit.transfers) is
    'A row of the journal as its event tells it.';
