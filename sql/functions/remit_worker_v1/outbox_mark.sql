create or replace function remit_worker_v1.outbox_mark()
    returns remit_worker_v1.outbox_mark
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- The last number that an event was given, and a transaction behind which no writer adds an event
-- up to that number. That is this transaction: a writer that was given such a number had locked or
-- changed a row before (sql/README.md), so its transaction had an id, and this one gets its own
-- after the number was read. Once it and all that are older have ended, outbox_rise gives a new
-- floor.
--
-- Raises: 25001 in a transaction that has an id already. Locks: nothing.
declare
    mark remit_worker_v1.outbox_mark;
begin
    if pg_current_xact_id_if_assigned() is not null then
        raise exception using errcode = 'active_sql_transaction', message = 'the transaction has an id already';
    end if;
    -- The last of the last thousand. Not read from the sequence as from a table: while nextval
    -- writes to the log, that shows numbers which no writer has been given yet.
    mark.last_id := coalesce(pg_sequence_last_value('remit.outbox_id_seq') + 999, 0);
    mark.xid := pg_current_xact_id()::text::bigint;
    return mark;
end;
$$;

comment on function remit_worker_v1.outbox_mark() is
    'Up to which number no event can be added any more once the transactions of now have ended.';

grant execute on function remit_worker_v1.outbox_mark() to remit_worker;
