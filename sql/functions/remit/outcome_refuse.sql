create or replace function remit.outcome_refuse(outcome remit_v1.transfer_outcome, field text)
    returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
-- Raises an outcome of transfers_post as an error, for callers that want one transfer or none.
--
-- Raises: WL001, WL002, WL004, WL005, WL006, WL007, WL010, WL012, WL013, WL014, WL015, WL016,
-- WL017, WL019, WL020, WL021, WL022, WL023, WL024, WL025.
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
            when 'transfer_not_found' then 'WL004'
            when 'hold_not_found' then 'WL019'
            when 'hold_closed' then 'WL020'
            when 'hold_exceeded' then 'WL021'
            when 'not_reversible' then 'WL022'
            when 'reversal_exceeded' then 'WL023'
            when 'condition_failed' then 'WL024'
            when 'group_refused' then 'WL025'
        end,
        message = replace(outcome::text, '_', ' '),
        column = coalesce(outcome_refuse.field, 'id');
end;
$$;

comment on function remit.outcome_refuse(remit_v1.transfer_outcome, text) is
    'Raises an outcome of transfers_post as an error.';
