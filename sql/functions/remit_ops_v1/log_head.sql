create or replace function remit_ops_v1.log_head(ledger_id bigint default null)
    returns setof remit_ops_v1.log_head
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- The head of a ledger's log, or of each ledger's; none where the log is empty. It is the hash over
-- all blocks, of which it names the last.
--
-- Keep it outside of the database: a superuser can change journal and log, and verify will find
-- nothing wrong. But the head over as many blocks is another one then, and log_check tells.
--
-- Raises: WL009. Locks: nothing.
begin
    if log_head.ledger_id is not null then
        perform remit.ledger_check(log_head.ledger_id);
    end if;

    return query
    select l.ledger_id, h.block, h.position, remit.blocks_hash(l.ledger_id, 0, h.block), h.created_at
      from remit.ledgers l
     cross join lateral (
               select b.block, b.position, b.created_at
                 from remit.log_blocks b
                where b.ledger_id = l.ledger_id
                order by b.position desc
                limit 1) h
     where log_head.ledger_id is null or l.ledger_id = log_head.ledger_id
     order by l.ledger_id;
end;
$$;

comment on function remit_ops_v1.log_head(bigint) is
    'The head of a ledger''s log, or of each ledger''s: to be kept elsewhere, for log_check.';

grant execute on function remit_ops_v1.log_head(bigint) to remit_operator, remit_auditor, remit_worker;
