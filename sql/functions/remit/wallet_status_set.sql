create or replace function remit.wallet_status_set(
    ledger_id bigint, wallet_id uuid, status remit_v1.wallet_status, reason text, key_sha256 bytea)
    returns remit_v1.wallet_result
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Gives a wallet a status and tells of it. A wallet that has it already is left alone.
--
-- Raises: WL001, WL002, WL016, WL017; 55P03 when the wallet stayed locked for lock_timeout.
-- Locks: the wallet, for no key update.
declare
    caller constant remit_v1.caller :=
        remit.caller_admit(wallet_status_set.ledger_id, wallet_status_set.key_sha256, 'administer');
    moment timestamptz;
    changed remit.wallets;
begin
    perform remit.reason_check(wallet_status_set.reason);
    select w.updated_at into moment
      from remit.wallets w
     where w.ledger_id = wallet_status_set.ledger_id and w.id = wallet_status_set.wallet_id
       for no key update;
    moment := greatest(clock_timestamp(), moment); -- A wallet's changes never go back in time.
    update remit.wallets w
       set status = wallet_status_set.status, status_version = w.status_version + 1, updated_at = moment
     where w.ledger_id = wallet_status_set.ledger_id
       and w.id = wallet_status_set.wallet_id
       and w.status <> wallet_status_set.status
    returning w.* into changed;
    if found then
        perform remit.event_record(
            wallet_status_set.ledger_id,
            case wallet_status_set.status when 'frozen' then 'wallet.frozen' else 'wallet.unfrozen' end::remit_v1.event_type,
            wallet_status_set.wallet_id,
            remit.state_of_status(changed), moment);
    end if;
    perform remit.audit_record(
        wallet_status_set.ledger_id,
        case wallet_status_set.status when 'frozen' then 'wallet_freeze' else 'wallet_unfreeze' end,
        array[wallet_status_set.wallet_id], wallet_status_set.reason, null, caller.key_id);
    return remit_v1.wallet_get(
        wallet_status_set.ledger_id, wallet_status_set.wallet_id, wallet_status_set.key_sha256);
end;
$$;

comment on function remit.wallet_status_set(bigint, uuid, remit_v1.wallet_status, text, bytea) is
    'Gives a wallet a status, and writes the event and who did it.';
