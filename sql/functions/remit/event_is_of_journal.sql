create or replace function remit.event_is_of_journal(type remit_v1.event_type)
    returns boolean
    language sql
    immutable
    parallel safe
-- Whether an event of this type tells of a row of the journal. All others carry their data.
--
-- Raises: nothing. Locks: nothing.
return type in ('transfer.posted', 'transfer.rejected', 'hold.authorised', 'hold.adjusted', 'hold.released', 'hold.expired');

comment on function remit.event_is_of_journal(remit_v1.event_type) is
    'Whether an event of this type tells of a row of the journal.';
