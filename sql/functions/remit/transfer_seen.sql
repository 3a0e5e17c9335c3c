create or replace function remit.transfer_seen(
    ledger_id bigint, caller_user_id uuid, transfer remit_v1.transfer_result)
    returns remit_v1.transfer_result
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- What a caller sees of a transfer; null where there is none for it. caller_user_id is the user
-- that it is bound to.
--
-- A caller sees what it sees the source of, and what was posted to a target that it sees. Version,
-- balance and what is held of a wallet that it does not see are null, and so is what was asked of a
-- source that it does not see.
--
-- Raises: nothing. Locks: nothing.
declare
    sees_source boolean;
    sees_target boolean;
    seen remit_v1.transfer_result := transfer;
begin
    if caller_user_id is null then -- It sees every wallet: none is looked up.
        return seen;
    end if;
    sees_source := exists (
        select from remit.wallets w
         where w.ledger_id = transfer_seen.ledger_id and w.id = transfer.source_id
           and remit.caller_sees(caller_user_id, w.user_id));
    sees_target := exists (
        select from remit.wallets w
         where w.ledger_id = transfer_seen.ledger_id and w.id = transfer.target_id
           and remit.caller_sees(caller_user_id, w.user_id));

    if not sees_source and (not sees_target or transfer.outcome <> 'posted') then
        return null;
    end if;
    if not sees_source then
        seen.source_version := null;
        seen.source_balance := null;
        seen.amount_asked := null; -- With what was taken, it would tell what the source had.
        if seen.terms is distinct from null then
            seen.terms.at_most := null;
            seen.terms.source_version := null;
            seen.terms.source_balance_min := null;
        end if;
        seen.effect := case when (seen.effect).target_held is not null then (
            null, null, (seen.effect).target_held, (seen.effect).target_held_until, null, null, null, null, null
        )::remit_v1.transfer_effect end;
    end if;
    if not sees_target then
        seen.target_version := null;
        seen.target_balance := null;
        if seen.effect is distinct from null then
            seen.effect.target_held := null;
            seen.effect.target_held_until := null;
        end if;
    end if;
    -- A record of which nothing is left is none.
    if seen.terms is null then
        seen.terms := null;
    end if;
    if seen.effect is null then
        seen.effect := null;
    end if;
    return seen;
end;
$$;

comment on function remit.transfer_seen(bigint, uuid, remit_v1.transfer_result) is
    'What a caller sees of a transfer; null where there is none for it.';
