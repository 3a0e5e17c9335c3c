create or replace function remit.log_position_at(ledger_id bigint, moment timestamptz)
    returns bigint
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- The position of the first event that was appended to a ledger's log at or after a moment; where
-- there is none yet, that of the next one. No event that is later than the moment comes before it.
--
-- Raises: nothing. Locks: nothing.
    select coalesce((select b.position - cardinality(b.event_ids) + 1
                       from remit.log_blocks b
                      where b.ledger_id = log_position_at.ledger_id and b.created_at >= log_position_at.moment
                      order by b.created_at, b.position
                      limit 1), remit.log_position(log_position_at.ledger_id) + 1);
$$;

comment on function remit.log_position_at(bigint, timestamptz) is
    'The position of the first event that was appended to a ledger''s log at or after a moment.';
