create or replace function remit_ops_v1.chain_check(ledger_id bigint, block bigint, hash bytea)
    returns setof remit_ops_v1.violation
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Whether a block that chain_head once gave is still in the chain: one violation if it is missing
-- or has another hash, because the chain was made anew after that.
--
-- Together with verify this proves that all that was chained then is as it was then.
--
-- Raises: WL001. Locks: nothing.
declare
    found_hash bytea;
begin
    if chain_check.ledger_id is null then
        perform remit.field_refuse('ledger_id', 'not null');
    elsif chain_check.block is null or chain_check.block < 1 then
        perform remit.field_refuse('block', '1 or more');
    elsif chain_check.hash is null or octet_length(chain_check.hash) <> 32 then
        perform remit.field_refuse('hash', '32 bytes');
    end if;

    select b.hash into found_hash
      from remit.chain_blocks b
     where b.ledger_id = chain_check.ledger_id and b.block = chain_check.block;
    if found_hash is distinct from chain_check.hash then
        return query
        select chain_check.ledger_id, 'block_is_as_exported', 'block ' || chain_check.block,
               jsonb_build_object('expected', encode(chain_check.hash, 'hex'), 'hash', encode(found_hash, 'hex'));
    end if;
end;
$$;

comment on function remit_ops_v1.chain_check(bigint, bigint, bytea) is
    'Whether a block that chain_head once gave is still in the chain. A violation if not.';

grant execute on function remit_ops_v1.chain_check(bigint, bigint, bytea) to remit_operator, remit_auditor;
