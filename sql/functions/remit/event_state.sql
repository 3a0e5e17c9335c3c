create or replace function remit.event_state(type remit_v1.event_type)
    returns remit_v1.event_type
    language sql
    immutable
    parallel safe
-- Which state an event of this type tells, named by the first type that tells of it: the last event
-- of it is what is true of the subject. Null for an event of the journal.
--
-- Raises: nothing. Locks: nothing.
return case when remit.event_is_of_journal(type) then null
            when type = 'wallet.unfrozen' then 'wallet.frozen'
            when type in ('webhook.updated', 'webhook.deleted', 'webhook.rotated', 'webhook.disabled', 'webhook.enabled') then 'webhook.created'
            else type end;

comment on function remit.event_state(remit_v1.event_type) is
    'Which state an event of this type tells.';
