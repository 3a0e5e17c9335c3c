create or replace function remit_ops_v1.wallet_largest(ledger_id bigint, currency text, request_limit integer)
    returns setof remit_ops_v1.wallet_balance
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- The wallets with the largest balances in a currency, without the issuance wallet. Reads every
-- wallet of the ledger.
--
-- Raises: WL001, WL008, WL009. Locks: nothing.
begin
    perform remit.ledger_check(wallet_largest.ledger_id);
    if request_limit is null or request_limit not between 1 and 1000 then
        perform remit.field_refuse('request_limit', '1 to 1000');
    end if;
    if not exists (select from remit.currencies c where c.code = wallet_largest.currency) then
        raise exception using errcode = 'WL008', message = 'currency unknown', column = 'currency';
    end if;
    return query
    select w.id, w.user_id, w.balance::bigint, w.version::bigint, w.status
      from remit.wallets w
     where w.ledger_id = wallet_largest.ledger_id
       and w.currency = wallet_largest.currency
       and w.user_id is not null
     order by w.balance desc, w.id
     limit request_limit;
end;
$$;

comment on function remit_ops_v1.wallet_largest(bigint, text, integer) is
    'The wallets with the largest balances in a currency.';

grant execute on function remit_ops_v1.wallet_largest(bigint, text, integer) to remit_operator, remit_auditor;
