create or replace function remit.transfer_event(outcome remit_v1.transfer_outcome, kind remit_v1.transfer_kind)
    returns remit_v1.event_type
    language sql
    immutable
    parallel safe
-- The type of the event of a journal row. What moved money is transfer.posted, whatever its kind,
-- so that who counts money needs one type.
--
-- Raises: nothing. Locks: nothing.
return (case
    when outcome <> 'posted' then 'transfer.rejected'
    when kind = 'hold' then 'hold.authorised'
    when kind = 'adjustment' then 'hold.adjusted'
    when kind = 'release' then 'hold.released'
    when kind = 'expiry' then 'hold.expired'
    else 'transfer.posted'
end)::remit_v1.event_type;

comment on function remit.transfer_event(remit_v1.transfer_outcome, remit_v1.transfer_kind) is
    'The type of the event of a journal row.';
