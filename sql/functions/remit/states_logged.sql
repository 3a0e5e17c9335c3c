create or replace function remit.states_logged(ledger_id bigint)
    returns table (state remit_v1.event_type, subject_id uuid, digest bytea, "position" bigint, number bigint)
    language sql
    stable
-- The events of a ledger that are not of the journal: those of the log with their position, those
-- that wait with their number in the outbox. What was deleted has no digest.
--
-- Raises: nothing. Locks: nothing.
begin atomic
    select remit.event_state(e.type), e.subject_id, case when e.type <> 'webhook.deleted' then e.digest end, b.position - cardinality(b.event_ids) + e.place, null::bigint
      from remit.log_blocks b
     cross join lateral unnest(b.types, b.subject_ids, b.digests) with ordinality as e (type, subject_id, digest, place)
     where b.ledger_id = states_logged.ledger_id
       and not remit.event_is_of_journal(e.type)
    union all
    select remit.event_state(o.types[1]), o.subject_ids[1], case when o.types[1] <> 'webhook.deleted' then remit.event_digest(o.data) end, null, o.id
      from remit.outbox o
     where o.ledger_id = states_logged.ledger_id and o.data is not null;
end;

comment on function remit.states_logged(bigint) is
    'The events of a ledger that are not of the journal, in log and outbox.';
