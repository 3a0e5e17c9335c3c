create or replace function remit.outcome_is_stored(outcome remit_v1.transfer_outcome)
    returns boolean
    language sql
    immutable
    parallel safe
-- Whether a transfer with this outcome is a row of the journal, which is replayed for its id for
-- ever. Null for none.
--
-- Raises: nothing. Locks: nothing.
return outcome in (
    'posted', 'insufficient_funds', 'wallet_frozen', 'currency_mismatch', 'limit_exceeded', 'balance_limit_exceeded',
    'hold_closed', 'hold_exceeded', 'not_reversible', 'reversal_exceeded', 'condition_failed', 'group_refused');

comment on function remit.outcome_is_stored(remit_v1.transfer_outcome) is
    'Whether a transfer with this outcome is a row of the journal.';
