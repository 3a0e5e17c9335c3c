create or replace function remit_ops_v1.replay_record(ledger_id bigint, event_ids uuid[], reason text)
    returns void
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Writes into the audit log that dead letters of these events will be replayed, and why.
--
-- The letters are in the broker and not in the database: who replays them calls this first, so that
-- no replay goes without its row. Letters of a ledger that does not exist are not Remit's.
--
-- Raises: WL001, WL009. Locks: nothing.
begin
    if replay_record.ledger_id is null then
        perform remit.field_refuse('ledger_id', 'not null');
    elsif event_ids is null or cardinality(event_ids) not between 1 and 1000 or array_position(event_ids, null) is not null then
        perform remit.field_refuse('event_ids', '1 to 1000 events');
    end if;
    perform remit.reason_check(replay_record.reason);
    perform remit.ledger_check(replay_record.ledger_id);
    perform remit.audit_record(replay_record.ledger_id, 'dead_letters_replay', event_ids, replay_record.reason, null, null);
end;
$$;

comment on function remit_ops_v1.replay_record(bigint, uuid[], text) is
    'Writes into the audit log that dead letters will be replayed, and why.';

grant execute on function remit_ops_v1.replay_record(bigint, uuid[], text) to remit_operator;
