create or replace function remit_ops_v1.log_check(ledger_id bigint, block bigint, hash bytea)
    returns setof remit_ops_v1.violation
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Whether a log still has the head that log_head once gave, over so many blocks: one violation if
-- blocks are missing or the hash is another, because the log was made anew after that.
--
-- Together with verify this proves that all that was in the log then is as it was then.
--
-- Raises: WL001. Locks: nothing.
declare
    found_hash bytea;
begin
    if log_check.ledger_id is null then
        perform remit.field_refuse('ledger_id', 'not null');
    elsif log_check.block is null or log_check.block < 1 then
        perform remit.field_refuse('block', '1 or more');
    elsif log_check.hash is null or octet_length(log_check.hash) <> 32 then
        perform remit.field_refuse('hash', '32 bytes');
    end if;

    found_hash := remit.blocks_hash(log_check.ledger_id, 0, log_check.block);
    if found_hash is distinct from log_check.hash then
        return query
        select log_check.ledger_id, 'head_is_as_exported', 'block ' || log_check.block,
               jsonb_build_object('expected', encode(log_check.hash, 'hex'), 'hash', encode(found_hash, 'hex'));
    end if;
end;
$$;

comment on function remit_ops_v1.log_check(bigint, bigint, bytea) is
    'Whether a log still has the head that log_head once gave. A violation if not.';

grant execute on function remit_ops_v1.log_check(bigint, bigint, bytea) to remit_operator, remit_auditor;
