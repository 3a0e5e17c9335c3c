create or replace function remit_worker_v1.notifications_record(
    ledger_id bigint, notifications remit_worker_v1.notification[])
    returns integer
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
    -- Compiled for an estimate that is large, a call would cost more than it saves.
    set jit = off
as $$
-- Records notifications that were sent. One that is recorded already is left as it is. Returns how
-- many were new.
--
-- Raises: WL001; 23514 for a channel or a type that is too long.
-- Locks: nothing; a concurrent record of the same event is waited for.
declare
    recorded integer;
begin
    if cardinality(notifications) > 1000 then
        perform remit.field_refuse('notifications', 'at most 1000');
    end if;
    insert into remit.notifications (ledger_id, event_id, channel, type, subject_id, attempts)
    select notifications_record.ledger_id, n.event_id, n.channel, n.type, n.subject_id, n.attempts
      from unnest(notifications) n
     order by n.event_id -- One order for all callers: two cannot wait for each other.
    on conflict do nothing;
    get diagnostics recorded = row_count;
    return recorded;
end;
$$;

comment on function remit_worker_v1.notifications_record(bigint, remit_worker_v1.notification[]) is
    'Records notifications that were sent. Returns how many were new.';

grant execute on function remit_worker_v1.notifications_record(bigint, remit_worker_v1.notification[]) to remit_worker;
