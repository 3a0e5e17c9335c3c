create or replace function remit_v1.transfer_get(ledger_id bigint, transfer_id uuid, key_sha256 bytea default null)
    returns remit_v1.transfer_result
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
    set jit = off -- An estimate for a table that is large would have each call compiled, which costs more than it does.
    set enable_seqscan = off -- The plan is kept; one made while the table is small must serve when it is large.
    set plan_cache_mode = force_generic_plan
as $$
-- One transfer of the journal, posted or rejected.
--
-- A key of scope user finds what its user's wallets sent, by the id or by the id that the caller gave it, and what
-- they received; balance and version of a wallet that is not its user's are null.
--
-- Raises: WL004, WL016. Locks: nothing.
declare
    caller constant remit_v1.caller :=
        remit.caller_admit(transfer_get.ledger_id, transfer_get.key_sha256, 'read');
    given_id constant uuid := remit.user_transfer_id(caller.user_id, transfer_get.transfer_id);
    is_source boolean := true;
    is_target boolean := true;
    result remit_v1.transfer_result;
begin
    select t.id, t.outcome, null, false, t.source_id, t.target_id, t.amount, t.currency,
           t.source_version, t.source_balance, t.target_version, t.target_balance,
           t.reference, t.metadata, t.request_id, t.created_at
      into result
      from remit.transfers t
     where t.ledger_id = transfer_get.ledger_id
       and t.id = any (array[transfer_get.transfer_id, given_id])
     order by t.id = given_id desc nulls last
     limit 1;
    if caller.user_id is not null then
        is_source := exists (
            select from remit.wallets w
             where w.ledger_id = transfer_get.ledger_id and w.id = result.source_id and w.user_id = caller.user_id);
        is_target := exists (
            select from remit.wallets w
             where w.ledger_id = transfer_get.ledger_id and w.id = result.target_id and w.user_id = caller.user_id);
        if not is_source and (not is_target or result.outcome <> 'posted') then
            result := null;
        end if;
    end if;
    if result.id is null then
        raise exception using
            errcode = 'WL004', message = 'transfer not found', column = 'transfer_id',
            detail  = jsonb_build_object('transfer_id', transfer_get.transfer_id)::text;
    end if;
    if not is_source then
        result.source_version := null;
        result.source_balance := null;
    end if;
    if not is_target then
        result.target_version := null;
        result.target_balance := null;
    end if;
    return result;
end;
$$;

comment on function remit_v1.transfer_get(bigint, uuid, bytea) is
    'One transfer of the journal, posted or rejected.';

grant execute on function remit_v1.transfer_get(bigint, uuid, bytea) to remit_server, remit_operator;
