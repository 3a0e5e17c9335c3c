create or replace function remit.log_append(ledger_id bigint, row_limit integer, floor_id bigint)
    returns remit.log_step
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Moves the oldest events of a ledger from the outbox to the end of its log, in order of id: a step
-- of outbox_append, under whose other settings it runs. Gives the block that it has appended, with
-- its events; all nulls where there was nothing.
--
-- It takes what it sees once it has locked the ledger. What commits later comes into a later block:
-- that is another wallet's, as the number of an event is given while the wallet is locked.
--
-- An event whose row is no longer in the journal is chained as zero bytes, so that verify names it.
--
-- Raises: nothing. Locks: the ledger, for no key update, so that two calls append one after the
-- other; the rows that it deletes.
declare
    head remit.log_blocks;
    appended remit.log_blocks;
    events remit_v1.event[];
    datas jsonb[];
    traceparents text[];
begin
    perform from remit.ledgers l where l.ledger_id = log_append.ledger_id for no key update;
    select b.position, b.block, b.created_at into head.position, head.block, head.created_at
      from remit.log_blocks b
     where b.ledger_id = log_append.ledger_id
     order by b.position desc
     limit 1;

    with oldest as (
        select o.place, o.number
          from (select h.ctid as place, cardinality(h.types) as number,
                       sum(cardinality(h.types)) over (order by h.id) as total
                  from remit.outbox h
                 where h.ledger_id = log_append.ledger_id and h.id >= log_append.floor_id
                 order by h.id
                 limit log_append.row_limit) o
         where o.total - o.number <= 8000 -- A row has at most 2,000.
    ), gone as (
        delete from remit.outbox o
         where (o.ledger_id = log_append.ledger_id) is true -- Which no index answers: the ledger has many.
           and o.ctid = any (array(select p.place from oldest p)) -- No row of the outbox ever moves.
        returning o.*
    )
    select array_agg(e.event_id), array_agg(e.type), array_agg(e.subject_id), array_agg(e.created_at), array_agg(e.digest),
           case when count(e.data) > 0 then array_agg(e.data) end,
           case when count(e.traceparent) > 0 then array_agg(e.traceparent) end,
           array_agg((log_append.ledger_id, e.position, e.event_id, e.type::text, e.subject_id, (e.transfer).request_id::text,
                      e.traceparent, e.created_at, e.data::json,
                      case when (e.transfer).id is not null then remit.transfer_of_event(e.transfer) end)::remit_v1.event)
      into appended.event_ids, appended.types, appended.subject_ids, appended.times, appended.digests, datas, traceparents, events
      from (select remit.event_id(g.created_at, g.id + u.place - 1) as event_id,
                   u.type, u.subject_id, g.created_at, g.data::jsonb, u.traceparent,
                   case when g.data is not null then remit.event_digest(g.data)
                        else coalesce(j.digest, decode(repeat('00', 32), 'hex')) end as digest,
                   coalesce(head.position, 0) + row_number() over (order by g.id, u.place) as position, j.transfer
              from gone g
             cross join lateral unnest(g.types, g.subject_ids, g.traceparents) with ordinality as u (type, subject_id, traceparent, place)
                   -- One lookup for each: also by a plan that was made for an empty table.
              left join lateral (
                   select d.digest, d.transfer
                     from remit.transfer_digests d
                    where g.data is null and d.ledger_id = log_append.ledger_id and d.id = u.subject_id
                   offset 0) j on true
             order by g.id, u.place) e;
    if appended.event_ids is null then
        return null;
    end if;

    appended.ledger_id := log_append.ledger_id;
    appended.block := coalesce(head.block, 0) + 1;
    appended.position := coalesce(head.position, 0) + cardinality(appended.event_ids);
    appended.created_at := greatest(
        clock_timestamp(), head.created_at, (select max(t.moment) from unnest(appended.times) as t (moment)));
    appended.nodes := remit.block_nodes(
        appended.ledger_id, appended.block,
        remit.block_leaf(appended.ledger_id, appended.block, appended.position, appended.created_at, remit.block_root(appended)));
    insert into remit.log_blocks values (appended.*);
    if datas is not null or traceparents is not null then
        insert into remit.log_details (ledger_id, position, datas, traceparents)
        values (appended.ledger_id, appended.position, datas, traceparents);
    end if;
    return (appended, events);
end;
$$;

comment on function remit.log_append(bigint, integer, bigint) is
    'Moves the oldest events of a ledger from the outbox to the end of its log.';
