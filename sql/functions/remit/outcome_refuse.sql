create or replace function remit.outcome_refuse(outcome remit_v1.transfer_outcome, field text)
    returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
-- Raises an outcome of transfers_post as an error, for callers that want one transfer or none.
--
-- Raises: WL001, WL002, WL005, WL006, WL007, WL010, WL012, WL013, WL014, WL015, WL016, WL017.
-- Locks: nothing.
begin
    raise exception using
        errcode = case outcome
            when 'invalid_field' then 'WL001'
            when 'wallet_not_found' then 'WL002'
            when 'idempotency_key_reused' then 'WL005'
            when 'same_wallet' then 'WL006'
            when 'wallet_busy' then 'WL007'
            when 'balance_limit_exceeded' then 'WL010'
            when 'insufficient_funds' then 'WL012'
            when 'wallet_frozen' then 'WL013'
            when 'currency_mismatch' then 'WL014'
            when 'limit_exceeded' then 'WL015'
            when 'unauthenticated' then 'WL016'
            when 'forbidden' then 'WL017'
        end,
        message = replace(outcome::text, '_', ' '),
        column = coalesce(outcome_refuse.field, 'id');
end;
$$;

comment on function remit.outcome_refuse(remit_v1.transfer_outcome, text) is
    'Raises an outcome of transfers_post as an error.';
