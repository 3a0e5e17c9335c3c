create or replace function remit.chain_verify(ledger_id bigint)
    returns setof remit_ops_v1.violation
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- Holds a ledger's journal against its chain, and the chain against itself. A row per violation.
--
-- Raises: nothing. Locks: nothing.
begin
    return query
    with links as materialized (
        select c.id, c.digest, b.block
          from remit.chain_blocks b, unnest(b.transfer_ids, b.digests) as c (id, digest)
         where b.ledger_id = chain_verify.ledger_id
    ),
    differences as materialized (
        select coalesce(l.id, t.id) as id, l.block, l.digest as chained, t.digest as found
          from links l
          full join (select d.id, d.digest from remit.transfer_digests d
                      where d.ledger_id = chain_verify.ledger_id) t on t.id = l.id
         where l.digest is distinct from t.digest
    ),
    blocks as (
        select b.*, lag(b.block, 1, 0::bigint) over history as block_before,
               lag(b.transfers, 1, 0::bigint) over history as transfers_before,
               lag(b.hash) over history as hash_before
          from remit.chain_blocks b
         where b.ledger_id = chain_verify.ledger_id
        window history as (order by b.block)
    )
    select chain_verify.ledger_id, 'transfer_matches_the_chain', 'transfer ' || d.id,
           jsonb_build_object('block', d.block)
      from differences d
     where d.chained is not null and d.found is not null
    union all
    select chain_verify.ledger_id, 'chained_transfer_is_in_the_journal', 'transfer ' || d.id,
           jsonb_build_object('block', d.block)
      from differences d
     where d.found is null
    union all
    select chain_verify.ledger_id, 'transfer_is_chained_or_waits', 'transfer ' || d.id, '{}'
      from (select u.id from differences u where u.chained is null
            except -- By hashing, however many wait: a join may be planned for a few.
            select o.subject_id from remit.outbox o where o.ledger_id = chain_verify.ledger_id and o.data is null) d
    union all
    select chain_verify.ledger_id, 'transfer_is_chained_once', 'transfer ' || l.id,
           jsonb_build_object('blocks', jsonb_agg(l.block order by l.block))
      from links l
     group by l.id
    having count(*) > 1
    union all
    select chain_verify.ledger_id, 'blocks_are_dense', 'block ' || b.block,
           jsonb_build_object('expected', b.block_before + 1)
      from blocks b
     where b.block <> b.block_before + 1
    union all
    -- Behind a gap there is nothing to follow from.
    select chain_verify.ledger_id, 'block_follows_from_its_predecessor', 'block ' || b.block, '{}'
      from blocks b
     where b.block = b.block_before + 1
       and (b.transfers <> b.transfers_before + cardinality(b.digests)
            or b.hash <> remit.chain_hash(b.hash_before, b.ledger_id, b.block, b.transfers, b.created_at, b.digests));
end;
$$;

comment on function remit.chain_verify(bigint) is
    'Holds a ledger''s journal against its chain, and the chain against itself. A row per violation.';
