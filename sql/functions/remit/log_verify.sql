create or replace function remit.log_verify(ledger_id bigint, slice_rows integer default 200000)
    returns setof remit_ops_v1.violation
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_sort = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set work_mem = '64MB' -- The links of a block take less, and so do the slices.
    set jit = off
as $$
-- Holds a ledger's journal against its log and its outbox, and the log against itself. A row per
-- violation. (What is not of the journal: states_verify.)
--
-- What is in the log and what waits, together, has to be the journal: the same ids with the same
-- types, times and digests, each once. The journal is taken in slices of ids. Each of the three is
-- gone over once and summed up by slice, in numbers of a salt that is new each time (link_number).
-- So time grows with the ledger, and memory does not. Only a slice whose sums differ is looked at
-- row by row, which goes over all blocks again.
--
-- Raises: nothing. Locks: nothing.
declare
    ledger constant bigint := log_verify.ledger_id;
    salt constant bytea := uuid_send(gen_random_uuid());
    next_id uuid := '00000000-0000-0000-0000-000000000000'::uuid; -- Of the slice that follows; null behind the last.
    first_ids uuid[] := array[]::uuid[];
    sums numeric[] := array[]::numeric[];
    slice integer;
begin
    while next_id is not null loop
        first_ids := first_ids || next_id;
        select t.id into next_id
          from remit.transfers t
         where t.ledger_id = ledger and t.id >= first_ids[cardinality(first_ids)]
         order by t.id
        offset log_verify.slice_rows limit 1;
        sums := sums || (
            select coalesce(sum(remit.link_number(salt, d.id, remit.transfer_event(d.outcome, d.kind), d.digest || timestamptz_send(d.created_at))), 0)
              from remit.transfer_digests d
             where d.ledger_id = ledger and d.id >= first_ids[cardinality(first_ids)] and (d.id < next_id or next_id is null));
        perform remit.progress_tell(ledger, format('%s slices of %s transfers summed up', cardinality(sums), slice_rows));
    end loop;

    for slice in
        select s.slice
          from (select j.slice::integer as slice, j.sum, false as is_broken
                  from unnest(sums) with ordinality as j (sum, slice)
                union all
                select width_bucket(e.id, first_ids), -sum(remit.link_number(salt, e.id, e.type, coalesce(e.digest, '') || timestamptz_send(e.time))), false
                  from remit.log_blocks b, unnest(b.subject_ids, b.types, b.digests, b.times) as e (id, type, digest, "time")
                 where b.ledger_id = ledger and remit.event_is_of_journal(e.type)
                 group by 1
                union all
                select width_bucket(e.id, first_ids), -sum(remit.link_number(salt, e.id, e.type, j.digest || timestamptz_send(o.created_at))), bool_or(j.digest is null)
                  from remit.outbox o
                 cross join lateral unnest(o.subject_ids, o.types) as e (id, type)
                       -- One lookup for each.
                  left join lateral (
                       select d.digest from remit.transfer_digests d where d.ledger_id = ledger and d.id = e.id offset 0) j on true
                 where o.ledger_id = ledger and o.data is null
                 group by 1) s
         group by s.slice
        having sum(s.sum) is distinct from 0 or bool_or(s.is_broken)
         order by s.slice
    loop
        return query
        select v.* from remit.log_slice_verify(ledger, first_ids[slice], first_ids[slice + 1]) v;
        perform remit.progress_tell(ledger, format('slice %s looked at row by row', slice));
    end loop;

    return query select b.* from remit.blocks_verify(ledger) b;
end;
$$;

comment on function remit.log_verify(bigint, integer) is
    'Holds a ledger''s journal against its log and its outbox, and the log against itself. A row per violation.';
