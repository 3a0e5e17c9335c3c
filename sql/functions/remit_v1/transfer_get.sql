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
    result remit_v1.transfer_result;
begin
    select t.id, t.outcome, null, false, t.source_id, t.target_id, t.amount::bigint, t.currency::text,
           t.source_version, t.source_balance, t.target_version, t.target_balance,
           t.reference::text, t.metadata::jsonb, t.request_id::text, t.created_at, t.terms, t.amount_asked, t.effect,
           coalesce(v.amount, 0), coalesce(v.reversal_ids, '{}')
      into result
      from remit.transfers t
           left join remit.reversed_transfers v on v.ledger_id = t.ledger_id and v.transfer_id = t.id
     where t.ledger_id = transfer_get.ledger_id
       and t.id = any (array[transfer_get.transfer_id, given_id])
     order by t.id = given_id desc nulls last
     limit 1;
    result := remit.transfer_seen(transfer_get.ledger_id, caller.user_id, result);
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
