create or replace function remit.issuance_wallet_id(ledger_id bigint, currency text)
    returns uuid
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- The issuance wallet of a ledger and currency, made on first use.
--
-- Raises: nothing. Locks: nothing; a concurrent first use is waited for.
declare
    wallet_id constant uuid :=
        remit.uuid_v8(sha256(convert_to('issuance wallet of ' || issuance_wallet_id.currency, 'UTF8')));
begin
    if not exists (
        select from remit.wallets w
         where w.ledger_id = issuance_wallet_id.ledger_id and w.id = wallet_id
    ) then
        insert into remit.wallets (ledger_id, id, currency)
        values (issuance_wallet_id.ledger_id, wallet_id, issuance_wallet_id.currency)
        on conflict do nothing;
    end if;
    return wallet_id;
end;
$$;

comment on function remit.issuance_wallet_id(bigint, text) is
    'The issuance wallet of a ledger and currency, made on first use.';
