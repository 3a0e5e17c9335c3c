create or replace function remit.wallet_absence(ledger_id bigint, wallet_id uuid)
    returns remit_v1.transfer_outcome
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- Why a wallet could not be locked: another session holds it, or there is none.
--
-- Raises: nothing. Locks: nothing.
    select case
        when exists (
            select from remit.wallets w
             where w.ledger_id = wallet_absence.ledger_id and w.id = wallet_absence.wallet_id
        ) then 'wallet_busy'::remit_v1.transfer_outcome
        else 'wallet_not_found'
    end;
$$;

comment on function remit.wallet_absence(bigint, uuid) is
    'Why a wallet could not be locked: wallet_busy or wallet_not_found.';
