create or replace function remit.chain_verify(ledger_id bigint, slice_rows integer default 200000)
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
-- Holds a ledger's journal against its chain and its outbox, and the chain against itself. A row
-- per violation.
--
-- What is chained and what waits, together, has to be the journal: the same ids with the same
-- digests, each once. The journal is taken in slices of ids. Each of the three is gone over once
-- and summed up by slice, in numbers of a salt that is new each time (link_number). So time grows
-- with the ledger, and memory does not. Only a slice whose sums differ is looked at row by row,
-- which goes over all blocks again.
--
-- Raises: nothing. Locks: nothing.
declare
    ledger constant bigint := chain_verify.ledger_id;
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
        offset chain_verify.slice_rows limit 1;
        sums := sums || (
            select coalesce(sum(remit.link_number(salt, d.id, d.digest)), 0)
              from remit.transfer_digests d
             where d.ledger_id = ledger and d.id >= first_ids[cardinality(first_ids)] and (d.id < next_id or next_id is null));
        perform remit.progress_tell(ledger, format('%s slices of %s transfers summed up', cardinality(sums), slice_rows));
    end loop;

    for slice in
        select s.slice
          from (select j.slice::integer as slice, j.sum, false as is_broken
                  from unnest(sums) with ordinality as j (sum, slice)
                union all
                select width_bucket(c.id, first_ids), -sum(remit.link_number(salt, c.id, coalesce(c.digest, ''))), false
                  from remit.chain_blocks b, unnest(b.transfer_ids, b.digests) as c (id, digest)
                 where b.ledger_id = ledger
                 group by 1
                union all
                select width_bucket(o.subject_id, first_ids), -sum(remit.link_number(salt, o.subject_id, j.digest)),
                       bool_or(o.type is distinct from case j.outcome when 'posted' then 'transfer.posted' else 'transfer.rejected' end
                               or j.digest is null)
                  from remit.outbox o
                       -- One lookup for each.
                       left join lateral (
                           select t.outcome, d.digest
                             from remit.transfers t
                             join remit.transfer_digests d on d.ledger_id = t.ledger_id and d.id = t.id
                            where t.ledger_id = ledger and t.id = o.subject_id
                           offset 0) j on true
                 where o.ledger_id = ledger and o.data is null
                 group by 1) s
         group by s.slice
        having sum(s.sum) is distinct from 0 or bool_or(s.is_broken)
         order by s.slice
    loop
        return query
        select v.* from remit.chain_slice_verify(ledger, first_ids[slice], first_ids[slice + 1]) v;
        perform remit.progress_tell(ledger, format('slice %s looked at row by row', slice));
    end loop;

    return query
    with blocks as (
        select b.*, lag(b.block, 1, 0::bigint) over history as block_before,
               lag(b.transfers, 1, 0::bigint) over history as transfers_before,
               lag(b.hash) over history as hash_before
          from remit.chain_blocks b
         where b.ledger_id = ledger
        window history as (order by b.block)
    )
    select ledger, 'blocks_are_dense', 'block ' || b.block, jsonb_build_object('expected', b.block_before + 1)
      from blocks b
     where b.block <> b.block_before + 1
    union all
    -- Behind a gap there is nothing to follow from.
    select ledger, 'block_follows_from_its_predecessor', 'block ' || b.block, '{}'
      from blocks b
     where b.block = b.block_before + 1
       and (b.transfers <> b.transfers_before + cardinality(b.digests)
            or b.hash <> remit.chain_hash(b.hash_before, b.ledger_id, b.block, b.transfers, b.created_at, b.digests));
end;
$$;

comment on function remit.chain_verify(bigint, integer) is
    'Holds a ledger''s journal against its chain and its outbox, and the chain against itself. A row per violation.';
