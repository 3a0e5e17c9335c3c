create or replace function remit.event_record(
    ledger_id bigint, type remit_v1.event_type, subject_id uuid, data jsonb, moment timestamptz)
    returns void
    language sql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Writes an event that is not of the journal, in the transaction of its change. Where a row that
-- the event is about can change again, the caller holds its lock: so its events keep their order.
--
-- Raises: nothing. Locks: nothing.
    insert into remit.outbox (ledger_id, types, subject_ids, data, created_at)
    values (event_record.ledger_id, array[event_record.type], array[event_record.subject_id], event_record.data, event_record.moment);
$$;

comment on function remit.event_record(bigint, remit_v1.event_type, uuid, jsonb, timestamptz) is
    'Writes an event that is not of the journal.';
