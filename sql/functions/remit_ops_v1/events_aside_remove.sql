create or replace function remit_ops_v1.events_aside_remove(ledger_id bigint, positions bigint[], reason text)
    returns bigint
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Takes events off the list of those that were set aside, and writes into the audit log which, and
-- why. Says how many it was.
--
-- Who publishes them again calls this once the broker has confirmed them: one that dies before has
-- published events that are listed still, and the next one publishes them again.
--
-- Raises: WL001. Locks: their rows.
declare
    removed uuid[];
begin
    if events_aside_remove.ledger_id is null then
        perform remit.field_refuse('ledger_id', 'not null');
    elsif positions is null or cardinality(positions) not between 1 and 1000 or array_position(positions, null) is not null then
        perform remit.field_refuse('positions', '1 to 1000 positions');
    end if;
    perform remit.reason_check(events_aside_remove.reason);
    with gone as (
        delete from remit.events_aside a
         where a.ledger_id = events_aside_remove.ledger_id and a.position = any (positions)
        returning a.position
    )
    select array_agg(e.id order by g.position)
      into removed
      from gone g
     cross join lateral (select s.id from remit.log_slice(events_aside_remove.ledger_id, g.position - 1, g.position) s offset 0) e;
    if removed is null then
        return 0::bigint;
    end if;
    perform remit.audit_record(events_aside_remove.ledger_id, 'events_aside_replay', removed, events_aside_remove.reason, null, null);
    return cardinality(removed)::bigint;
end;
$$;

comment on function remit_ops_v1.events_aside_remove(bigint, bigint[], text) is
    'Takes events that were published again off the list of those that were set aside.';

grant execute on function remit_ops_v1.events_aside_remove(bigint, bigint[], text) to remit_operator;
