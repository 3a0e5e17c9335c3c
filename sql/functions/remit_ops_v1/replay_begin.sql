create or replace function remit_ops_v1.replay_begin(
    ledger_id bigint, since timestamptz, until timestamptz, types text[], reason text, dry_run boolean default false)
    returns remit_ops_v1.replay_window
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Says which events of a ledger's log had their place from one moment on and before another, and
-- writes into the audit log that those of some types, or of all, will be published again, and why.
-- A dry run writes nothing.
--
-- Who publishes them reads them by replay_read. The moments are those at which they had their place
-- in the log, which is not before they happened.
--
-- Raises: WL001, WL009. Locks: nothing.
declare
    replayed remit_ops_v1.replay_window;
begin
    if replay_begin.ledger_id is null then
        perform remit.field_refuse('ledger_id', 'not null');
    elsif since is null or not isfinite(since) then
        perform remit.field_refuse('since', 'a moment');
    elsif replay_begin.until is null or not isfinite(replay_begin.until) or replay_begin.until <= since then
        perform remit.field_refuse('until', 'a moment after since');
    elsif cardinality(types) not between 1 and 100 or not types <@ enum_range(null::remit_v1.event_type)::text[] then
        perform remit.field_refuse('types', '1 to 100 types of events, or null for all');
    elsif dry_run is null then
        perform remit.field_refuse('dry_run', 'not null');
    end if;
    perform remit.ledger_check(replay_begin.ledger_id);
    perform remit.reason_check(replay_begin.reason);
    replayed := (remit.log_position_at(replay_begin.ledger_id, since) - 1,
                 remit.log_position_at(replay_begin.ledger_id, replay_begin.until) - 1);
    if not dry_run then
        perform remit.audit_record(
            replay_begin.ledger_id, 'events_replay', '{}', replay_begin.reason,
            jsonb_build_object('since', since, 'until', replay_begin.until, 'types', types,
                               'after_position', replayed.after, 'until_position', replayed.until), null);
    end if;
    return replayed;
end;
$$;

comment on function remit_ops_v1.replay_begin(bigint, timestamptz, timestamptz, text[], text, boolean) is
    'Says which events had their place in a ledger''s log between two moments, and writes into the audit log that they will be published again.';

grant execute on function remit_ops_v1.replay_begin(bigint, timestamptz, timestamptz, text[], text, boolean) to remit_operator;
