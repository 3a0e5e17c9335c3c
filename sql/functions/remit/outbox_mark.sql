create or replace function remit.outbox_mark()
    returns void
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Remembers, for the session of the relay, the last number that an event was given, and a transaction behind which nobody
-- adds one up to it: outbox_read says what for. That is this transaction. Who was given such a number has changed a row
-- before (sql/README.md), so his transaction has an id, and this one gets its own after the number was read. It leaves no
-- mark where it has an id already, nor where a mark is waiting to be used.
--
-- Raises: nothing. Locks: nothing.
declare
    known constant bigint[] := nullif(current_setting('remit.outbox_known', true), '')::bigint[];
    last_id bigint;
begin
    if known[1] is null or known[2] is not null or pg_current_xact_id_if_assigned() is not null then
        return;
    end if;
    -- The last of the last thousand. Not read from the sequence as from a table: while nextval writes to the log, that
    -- shows numbers which nobody has been given yet.
    last_id := pg_sequence_last_value('remit.outbox_id_seq') + 999;
    if last_id is not null then
        perform set_config('remit.outbox_known',
                           array[known[1], last_id, pg_current_xact_id()::text::bigint, known[4]]::text, false);
    end if;
end;
$$;

comment on function remit.outbox_mark() is
    'Remembers up to which number no event can be added any more once the transactions of now have ended.';
