create or replace function remit.issuance_wallet_id(ledger_id bigint, currency text)
    returns uuid
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- The issuance wallet of a ledger and currency, made on first use.
--
-- It is the one without a user. Its id follows from the currency, unless a caller has taken that
-- for a wallet.
--
-- Raises: nothing. Locks: nothing; a concurrent first use is waited for.
declare
    wallet_id uuid := remit.uuid_v8(sha256(convert_to(chr(1) || 'issuance wallet of ' || issuance_wallet_id.currency, 'UTF8')));
    found_id uuid;
    created remit.wallets;
begin
    while found_id is null loop
        select w.id into found_id
          from remit.wallets w
         where w.ledger_id = issuance_wallet_id.ledger_id
           and w.currency = issuance_wallet_id.currency
           and w.user_id is null;
        if not found then
            insert into remit.wallets as w (ledger_id, id, currency)
            values (issuance_wallet_id.ledger_id, wallet_id, issuance_wallet_id.currency)
            on conflict do nothing
            returning w.* into created;
            if found then
                perform remit.event_record(
                    created.ledger_id, 'wallet.created', created.id, remit.state_of_wallet(created), created.created_at);
            end if;
            wallet_id := gen_random_uuid();
        end if;
    end loop;
    return found_id;
end;
$$;

comment on function remit.issuance_wallet_id(bigint, text) is
    'The issuance wallet of a ledger and currency, made on first use.';
