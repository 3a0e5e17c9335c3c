create or replace function remit_v1.transfer_proof(
    ledger_id bigint, transfer_id uuid, head_block bigint default null, key_sha256 bytea default null)
    returns remit_v1.transfer_proof
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
    -- Compiled for an estimate that is large, a call would cost more than it saves.
    set jit = off
    -- The plan is kept; one made while the table is small must serve when it is large.
    set enable_seqscan = off
    set enable_bitmapscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- What proves that a transfer is in the log, to who has the head over so many blocks, the newest
-- one by default (docs/proof.md). A caller that does not see all of the transfer gets its digest
-- and not what that is made of.
--
-- Its block is not before the transfer's moment: it is the first one, or soon after it. While a
-- clock was ahead many blocks have one time, of which it looks at 10,000.
--
-- Raises: WL001, WL004, WL016; WL026 for a transfer that is not in the log yet. Locks: nothing.
declare
    blocks_max constant integer := 10000;
    result constant remit_v1.transfer_result := remit_v1.transfer_get(
        transfer_proof.ledger_id, transfer_proof.transfer_id, transfer_proof.key_sha256);
    found_row remit.transfers;
    within_block bigint;
    within remit.log_blocks;
    head remit.log_blocks;
    place integer;
    proof remit_v1.transfer_proof;
begin
    select t.* into strict found_row
      from remit.transfers t
     where t.ledger_id = transfer_proof.ledger_id and t.id = result.id;
    select b.block, p.place into within_block, place
      from (select c.*
              from remit.log_blocks c
             where c.ledger_id = transfer_proof.ledger_id and c.created_at >= found_row.created_at
             order by c.created_at, c.position
             limit blocks_max) b
     cross join lateral (
           select e.place::integer
             from unnest(b.types, b.subject_ids) with ordinality as e (type, subject_id, place)
            where found_row.id = any (b.subject_ids) and e.subject_id = found_row.id and remit.event_is_of_journal(e.type)
            limit 1) p
     limit 1;
    if not found then
        raise exception using
            errcode = 'WL026', message = 'transfer not in the log yet', column = 'transfer_id',
            detail  = jsonb_build_object('transfer_id', transfer_proof.transfer_id)::text;
    end if;
    select b.* into strict within
      from remit.log_blocks b
     where b.ledger_id = transfer_proof.ledger_id and b.block = within_block;
    select b.* into head
      from remit.log_blocks b
     where b.ledger_id = transfer_proof.ledger_id and b.block = coalesce(
               transfer_proof.head_block,
               (select l.block from remit.log_blocks l where l.ledger_id = transfer_proof.ledger_id order by l.position desc limit 1));
    if head.block is null or head.block < within.block then
        perform remit.field_refuse('head_block', 'a block of the log, not before that of the transfer');
    end if;

    proof.ledger_id := within.ledger_id;
    proof.transfer_id := found_row.id;
    proof.position := within.position - cardinality(within.event_ids) + place;
    proof.event_id := within.event_ids[place];
    proof.event_type := within.types[place]::text;
    proof.event_time := remit.moment_number(within.times[place]);
    proof.digest := within.digests[place];
    if result is not distinct from remit.transfer_told(found_row) then
        select d.core, d.labels into strict proof.core, proof.labels
          from remit.transfer_digests d
         where d.ledger_id = transfer_proof.ledger_id and d.id = found_row.id;
    end if;
    proof.block := within.block;
    proof.block_position := within.position;
    proof.block_events := cardinality(within.event_ids);
    proof.block_time := remit.moment_number(within.created_at);
    proof.event_path := remit.tree_path(remit.block_leaves(within), place);
    proof.head_block := head.block;
    proof.head_position := head.position;
    proof.head_hash := remit.blocks_hash(transfer_proof.ledger_id, 0, head.block);
    proof.block_path := remit.block_path(transfer_proof.ledger_id, within.block, head.block);
    return proof;
end;
$$;

comment on function remit_v1.transfer_proof(bigint, uuid, bigint, bytea) is
    'What proves that a transfer is in the log, to who has a head.';

grant execute on function remit_v1.transfer_proof(bigint, uuid, bigint, bytea) to remit_server, remit_operator;
