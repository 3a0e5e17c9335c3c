create or replace function remit_worker_v1.outbox_settle(ledger_id bigint, ids bigint[])
    returns integer
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
    set jit = off -- An estimate for a table that is large would have each call compiled, which costs more than it does.
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- Removes the events that the broker has confirmed, and chains the journal rows that they tell of.
-- Returns how many events were there.
--
-- A row leaves the outbox here and nowhere else, and in the transaction that chains it. So each
-- journal row is chained once: a late commit when its own event is settled, and what a relay left
-- that died when another one settles it.
--
-- Raises: WL001. Locks: the ledger, for no key update, so that two calls append one after the
-- other; the rows that it deletes.
declare
    settled integer;
    transfer_ids uuid[];
begin
    if cardinality(outbox_settle.ids) > 10000 then
        perform remit.field_refuse('ids', 'at most 10000');
    end if;
    perform from remit.ledgers l where l.ledger_id = outbox_settle.ledger_id for no key update;

    with gone as (
        delete from remit.outbox o
         where (o.ledger_id = outbox_settle.ledger_id) is true -- Which no index answers: the ledger has many.
           and o.ctid = any (array( -- One lookup for each; no row of the outbox ever moves.
                   select p.ctid
                     from unnest(outbox_settle.ids) as i (id)
                          cross join lateral (
                              select l.ctid from remit.outbox l
                               where l.ledger_id = outbox_settle.ledger_id and l.id = i.id
                              offset 0) p))
        returning o.id, o.subject_id, o.data
    )
    select count(*)::integer, array_agg(g.subject_id order by g.id) filter (where g.data is null)
      into settled, transfer_ids
      from gone g;
    if transfer_ids is not null then
        perform remit.chain_append(outbox_settle.ledger_id, transfer_ids);
    end if;
    return settled;
end;
$$;

comment on function remit_worker_v1.outbox_settle(bigint, bigint[]) is
    'Removes the events that the broker has confirmed, and chains the journal rows that they tell of.';

grant execute on function remit_worker_v1.outbox_settle(bigint, bigint[]) to remit_worker;
