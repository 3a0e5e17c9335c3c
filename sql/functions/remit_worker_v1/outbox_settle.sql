create or replace function remit_worker_v1.outbox_settle(ledger_id bigint, ids bigint[])
    returns integer
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- Removes the events that the broker has confirmed. Returns how many were there.
--
-- Raises: nothing. Locks: the rows that it deletes.
declare
    settled integer;
begin
    delete from remit.outbox o
     where o.ledger_id = outbox_settle.ledger_id and o.id = any (outbox_settle.ids);
    get diagnostics settled = row_count;
    return settled;
end;
$$;

comment on function remit_worker_v1.outbox_settle(bigint, bigint[]) is
    'Removes the events that the broker has confirmed.';

grant execute on function remit_worker_v1.outbox_settle(bigint, bigint[]) to remit_worker;
