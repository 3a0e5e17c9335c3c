create or replace function remit_v1.transfer_get(ledger_id bigint, transfer_id uuid, key_sha256 bytea default null)
    returns remit_v1.transfer_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
    -- Compiled for an estimate that is large, a call would cost more than it saves.
    set jit = off
    -- The plan is kept; one made while the table is small must serve when it is large.
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- One row of the journal, posted or rejected, with what was reversed of it.
--
-- A caller with a key of scope user finds what transfer_seen leaves of it. A transfer that its
-- user's wallets sent is found by its id, and by the id that the caller gave it.
--
-- Raises: WL004, WL016. Locks: nothing.
declare
    caller constant remit_v1.caller :=
        remit.caller_admit(transfer_get.ledger_id, transfer_get.key_sha256, 'read');
    given_id constant uuid := remit.user_transfer_id(caller.user_id, transfer_get.transfer_id);
    found remit.transfers;
    result remit_v1.transfer_result;
begin
    select t.* into found
      from remit.transfers t
     where t.ledger_id = transfer_get.ledger_id
       and t.id = any (array[transfer_get.transfer_id, given_id])
     order by t.id = given_id desc nulls last
     limit 1;
    if found.id is not null then
        result := remit.transfer_seen(transfer_get.ledger_id, caller.user_id, remit.transfer_told(found));
    end if;
    if result.id is null then
        raise exception using
            errcode = 'WL004', message = 'transfer not found', column = 'transfer_id',
            detail  = jsonb_build_object('transfer_id', transfer_get.transfer_id)::text;
    end if;
    return result;
end;
$$;

comment on function remit_v1.transfer_get(bigint, uuid, bytea) is
    'One transfer of the journal, posted or rejected.';

grant execute on function remit_v1.transfer_get(bigint, uuid, bytea) to remit_server, remit_operator;
