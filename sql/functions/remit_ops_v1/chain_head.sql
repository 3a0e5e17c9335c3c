create or replace function remit_ops_v1.chain_head(ledger_id bigint default null)
    returns setof remit_ops_v1.chain_head
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- The last block of a ledger's chain, or of each ledger's; none where nothing is chained yet.
--
-- Keep it outside of the database: a superuser can change the journal and make the whole chain
-- anew, and verify will find nothing wrong. But the block of that number has another hash then, and
-- chain_check tells.
--
-- Raises: WL009. Locks: nothing.
begin
    if chain_head.ledger_id is not null then
        perform remit.ledger_check(chain_head.ledger_id);
    end if;

    return query
    select l.ledger_id, h.block, h.transfers, h.hash, h.created_at
      from remit.ledgers l
     cross join lateral (
               select b.block, b.transfers, b.hash, b.created_at
                 from remit.chain_blocks b
                where b.ledger_id = l.ledger_id
                order by b.block desc
                limit 1) h
     where chain_head.ledger_id is null or l.ledger_id = chain_head.ledger_id
     order by l.ledger_id;
end;
$$;

comment on function remit_ops_v1.chain_head(bigint) is
    'The last block of a ledger''s chain, or of each ledger''s: to be kept elsewhere, for chain_check.';

grant execute on function remit_ops_v1.chain_head(bigint) to remit_operator, remit_auditor;
