create or replace function remit.chain_slice_verify(ledger_id bigint, first_id uuid, next_id uuid)
    returns setof remit_ops_v1.violation
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set work_mem = '64MB' -- A slice of chain_verify takes less.
    set jit = off
as $$
-- Holds the rows of a ledger's journal with ids from first_id up to next_id, or to the last where
-- that is null, against chain and outbox. A row per violation.
--
-- Raises: nothing. Locks: nothing.
declare
    ledger constant bigint := chain_slice_verify.ledger_id;
begin
    return query
    with links as materialized (
        select c.id, coalesce(c.digest, '') as digest, b.block
          from remit.chain_blocks b, unnest(b.transfer_ids, b.digests) as c (id, digest)
         where b.ledger_id = ledger and c.id >= first_id and (c.id < next_id or next_id is null)
    ),
    events as materialized (
        select o.subject_id as id, o.type
          from remit.outbox o
         where o.ledger_id = ledger and o.data is null
           and o.subject_id >= first_id and (o.subject_id < next_id or next_id is null)
    ),
    journal as (
        select d.id, d.digest
          from remit.transfer_digests d
         where d.ledger_id = ledger and d.id >= first_id and (d.id < next_id or next_id is null)
    ),
    differences as materialized (
        select coalesce(l.id, t.id) as id, l.block, l.digest as chained, t.digest as found
          from links l
          full join journal t on t.id = l.id
         where l.digest is distinct from t.digest
    )
    select ledger, 'transfer_matches_the_chain', 'transfer ' || d.id, jsonb_build_object('block', d.block)
      from differences d
     where d.chained is not null and d.found is not null
    union all
    select ledger, 'chained_transfer_is_in_the_journal', 'transfer ' || d.id, jsonb_build_object('block', d.block)
      from differences d
     where d.found is null
    union all
    select ledger, 'transfer_is_chained_or_waits', 'transfer ' || d.id, '{}'
      from (select u.id from differences u where u.chained is null
            except -- By hashing, however many wait: a join may be planned for a few.
            select e.id from events e) d
    union all
    select ledger, 'transfer_is_chained_once', 'transfer ' || l.id,
           jsonb_build_object('blocks', jsonb_agg(l.block order by l.block) filter (where l.block is not null), 'events', count(*) - count(l.block))
      from (select c.id, c.block from links c union all select e.id, null from events e) l
     group by l.id
    having count(l.block) > 0 and count(*) > 1
    union all
    select ledger, 'event_tells_of_one_journal_row', 'transfer ' || e.id,
           jsonb_build_object('type', e.type, 'events', count(*), 'journal_rows', count(distinct t.id))
      from events e
      left join remit.transfers t
        on t.ledger_id = ledger and t.id = e.id
       and e.type = remit.transfer_event(t.outcome, (t.terms).kind)
     group by e.id, e.type
    having count(*) <> 1 or count(distinct t.id) <> 1;
end;
$$;

comment on function remit.chain_slice_verify(bigint, uuid, uuid) is
    'Holds some rows of a ledger''s journal against chain and outbox. A row per violation.';
