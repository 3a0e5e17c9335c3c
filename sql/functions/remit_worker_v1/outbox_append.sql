create or replace function remit_worker_v1.outbox_append(
    row_limit integer, floor_id bigint default 0, confirmed remit_worker_v1.cursor[] default '{}')
    returns setof remit_v1.event
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
    set jit = off -- An estimate for a table that is large would have each call compiled, which costs more than it does.
    set enable_seqscan = off -- Plans are kept; one made while the tables are small must serve when they are large.
    set enable_bitmapscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- Moves the oldest events of the outbox to the ends of their ledgers' logs, and gives them. Before
-- that, in the same transaction, cursors move to what was confirmed.
--
-- Rows that were removed stay in the index as long as a snapshot is older (a backup's, verify's),
-- and reading over them costs more at each call. So the relay reads from its floor, a number below
-- which no event is and none can come: outbox_mark and outbox_rise find it.
--
-- Only the active relay calls this. A relay that dies after it leaves its events in the log, and
-- the next one publishes them again from the cursor on, with the same ids.
--
-- Raises: WL001. Locks: the cursors, then each ledger in order of id, and the rows that it deletes.
declare
    book record;
    step remit.log_step;
    events_max constant integer := 10000; -- The last ledger's block may go beyond it once.
    events_told integer := 0;
begin
    if row_limit is null or row_limit not between 1 and 10000 then
        perform remit.field_refuse('row_limit', '1 to 10000');
    elsif confirmed is null or cardinality(confirmed) > 10000 then
        perform remit.field_refuse('confirmed', 'at most 10000');
    end if;
    if cardinality(confirmed) > 0 then
        perform remit.cursors_move(confirmed);
    end if;
    for book in
        select o.ledger_id, count(*)::integer as rows
          from (select h.ledger_id from remit.outbox h where h.id >= outbox_append.floor_id order by h.id limit outbox_append.row_limit) o
         group by o.ledger_id
         order by o.ledger_id
    loop
        step := remit.log_append(book.ledger_id, book.rows, outbox_append.floor_id);
        if step.events is not null then
            return query select e.* from unnest(step.events) e;
            events_told := events_told + cardinality(step.events);
            exit when events_told >= events_max; -- The others' rows are the oldest of the next call.
        end if;
    end loop;
end;
$$;

comment on function remit_worker_v1.outbox_append(integer, bigint, remit_worker_v1.cursor[]) is
    'Moves the oldest events of the outbox to the ends of their ledgers'' logs, and gives them.';

grant execute on function remit_worker_v1.outbox_append(integer, bigint, remit_worker_v1.cursor[]) to remit_worker;
