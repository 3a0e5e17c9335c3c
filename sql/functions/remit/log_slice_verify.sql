create or replace function remit.log_slice_verify(ledger_id bigint, first_id uuid, next_id uuid)
    returns setof remit_ops_v1.violation
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set work_mem = '64MB' -- A slice of log_verify takes less.
    set jit = off
as $$
-- Holds the rows of a ledger's journal with ids from first_id up to next_id, or to the last where
-- that is null, against log and outbox. A row per violation.
--
-- Raises: nothing. Locks: nothing.
declare
    ledger constant bigint := log_slice_verify.ledger_id;
begin
    return query
    with links as materialized (
        select e.id, e.type, coalesce(e.digest, '') as digest, e.time, b.block
          from remit.log_blocks b, unnest(b.subject_ids, b.types, b.digests, b.times) as e (id, type, digest, "time")
         where b.ledger_id = ledger and remit.event_is_of_journal(e.type)
           and e.id >= first_id and (e.id < next_id or next_id is null)
    ),
    events as materialized (
        select e.id, e.type, o.created_at as "time"
          from remit.outbox o, unnest(o.subject_ids, o.types) as e (id, type)
         where o.ledger_id = ledger and o.data is null
           and e.id >= first_id and (e.id < next_id or next_id is null)
    ),
    journal as (
        select d.id, remit.transfer_event(d.outcome, d.kind) as type, d.digest, d.created_at
          from remit.transfer_digests d
         where d.ledger_id = ledger and d.id >= first_id and (d.id < next_id or next_id is null)
    ),
    differences as materialized (
        select coalesce(l.id, t.id) as id, l.block, l.digest as logged, t.digest as found
          from links l
          full join journal t on t.id = l.id
         where l.digest is distinct from t.digest
    )
    select ledger, 'transfer_matches_the_log', 'transfer ' || d.id, jsonb_build_object('block', d.block)
      from differences d
     where d.logged is not null and d.found is not null
    union all
    select ledger, 'logged_transfer_is_in_the_journal', 'transfer ' || d.id, jsonb_build_object('block', d.block)
      from differences d
     where d.found is null
    union all
    select ledger, 'transfer_is_in_the_log_or_waits', 'transfer ' || d.id, '{}'
      from (select u.id from differences u where u.logged is null
            except -- By hashing, however many wait: a join may be planned for a few.
            select e.id from events e) d
    union all
    select ledger, 'transfer_is_in_the_log_once', 'transfer ' || l.id,
           jsonb_build_object('blocks', jsonb_agg(l.block order by l.block) filter (where l.block is not null), 'events', count(*) - count(l.block))
      from (select c.id, c.block from links c union all select e.id, null from events e) l
     group by l.id
    having count(*) > 1
    union all
    select ledger, 'event_tells_of_its_transfer', 'transfer ' || e.id,
           jsonb_build_object('type', e.type, 'expected', j.type)
      from (select l.id, l.type, true as is_logged from links l union all select w.id, w.type, false from events w) e
      left join journal j on j.id = e.id
     where e.type is distinct from j.type and not (e.is_logged and j.id is null)
    union all
    select ledger, 'event_has_the_time_of_its_transfer', 'transfer ' || e.id,
           jsonb_build_object('time', remit.moment_text(e.time), 'expected', remit.moment_text(j.created_at))
      from (select l.id, l.time from links l union all select w.id, w.time from events w) e
      join journal j on j.id = e.id
     where e.time is distinct from j.created_at;
end;
$$;

comment on function remit.log_slice_verify(bigint, uuid, uuid) is
    'Holds some rows of a ledger''s journal against log and outbox. A row per violation.';
