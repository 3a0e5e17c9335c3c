create or replace function remit_ops_v1.prune(ledger_id bigint, before timestamptz, row_limit integer, reason text)
    returns remit_ops_v1.pruned
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
    set jit = off
    set enable_seqscan = off -- The plan is kept; one made while the table is small must serve when it is large.
    set enable_bitmapscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- Drops what need not be kept for ever: notifications, and data and traces of events, from before a
-- moment, of each at most so many of the oldest rows. It says how many it was: call it again until
-- there are none. Nothing that a reader has not come past is dropped, nor data of an event that is
-- set aside. Ids, digests and hashes stay: the log proves what it proved.
--
-- Raises: WL001, WL009. Locks: the rows that it deletes.
declare
    last_position bigint; -- All readers have come past it.
    moment timestamptz;
    dropped remit_ops_v1.pruned;
begin
    if prune.ledger_id is null then
        perform remit.field_refuse('ledger_id', 'not null');
    elsif prune.before is null or prune.before > clock_timestamp() then
        perform remit.field_refuse('before', 'a moment that is over');
    elsif prune.row_limit is null or prune.row_limit not between 1 and 100000 then
        perform remit.field_refuse('row_limit', '1 to 100000');
    end if;
    perform remit.reason_check(prune.reason);
    perform remit.ledger_check(prune.ledger_id);

    -- Who has no cursor yet is at 0, as the broker in a new ledger.
    select coalesce(min(c.position), 0) into strict last_position from remit.cursors c where c.ledger_id = prune.ledger_id;
    -- Notifications of events behind it were sent before the block that follows was there.
    moment := least(prune.before, (
        select b.created_at from remit.log_blocks b
         where b.ledger_id = prune.ledger_id and b.position > last_position
         order by b.position limit 1));
    last_position := least(last_position, remit.log_position_at(prune.ledger_id, prune.before) - 1);

    with oldest as (
        select n.ctid as place
          from remit.notifications n
         where n.ledger_id = prune.ledger_id and n.event_id < remit.event_id(moment, 0) and n.sent_at < moment
         order by n.event_id
         limit prune.row_limit
    ), gone as (
        delete from remit.notifications n
         where (n.ledger_id = prune.ledger_id) is true and n.ctid = any (array(select o.place from oldest o))
        returning 1
    )
    select count(*) into dropped.notifications from gone;
    with oldest as (
        select d.ctid as place
          from remit.log_details d
         where d.ledger_id = prune.ledger_id and d.position <= last_position
           and not exists (
                   select from remit.events_aside a
                     join remit.log_blocks b on b.ledger_id = a.ledger_id and b.position = d.position
                    where a.ledger_id = prune.ledger_id and a.position <= d.position and a.position > b.position - cardinality(b.event_ids))
         order by d.position
         limit prune.row_limit
    ), gone as (
        delete from remit.log_details d
         where (d.ledger_id = prune.ledger_id) is true and d.ctid = any (array(select o.place from oldest o))
        returning 1
    )
    select count(*) into dropped.details from gone;

    if dropped.notifications + dropped.details > 0 then
        perform remit.audit_record(
            prune.ledger_id, 'prune', '{}', prune.reason,
            to_jsonb(dropped) || jsonb_build_object('before', remit.moment_text(prune.before)), null);
    end if;
    return dropped;
end;
$$;

comment on function remit_ops_v1.prune(bigint, timestamptz, integer, text) is
    'Drops notifications and data of events from before a moment, behind all readers. Says how many rows.';

grant execute on function remit_ops_v1.prune(bigint, timestamptz, integer, text) to remit_operator;
