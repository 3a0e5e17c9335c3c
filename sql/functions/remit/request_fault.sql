create or replace function remit.request_fault(
    source_id uuid, target_id uuid, amount bigint, terms remit_v1.transfer_terms, moment timestamptz)
    returns text
    language plpgsql
    immutable
as $$
-- The first field of a request with terms that is missing, out of bounds, or has no meaning for its
-- kind, at the moment of the call. Null: it is well formed.
--
-- Raises: nothing. Locks: nothing.
declare
    amount_max constant bigint := 9007199254740991;
    lifetime_max constant integer := 315360000; -- Ten years, in seconds.
    kind constant remit_v1.transfer_kind := terms.kind;
    is_about_a_subject constant boolean := kind is not null and kind <> 'hold';
begin
    return case
        when kind = 'expiry' then 'kind' -- Which the core alone writes.
        when is_about_a_subject <> (terms.subject_id is not null) then 'subject_id'
        when source_id is null and not is_about_a_subject then 'source_id'
        when target_id is null and coalesce(kind = 'capture' and source_id is not null, true) then 'target_id'
        when target_id is not null and kind in ('adjustment', 'release') then 'target_id'
        when amount not between 1 and amount_max then 'amount'
        when amount is null and coalesce(kind = 'hold', terms.at_most is not true) then 'amount'
        when amount is not null and kind = 'release' then 'amount'
        when kind = 'adjustment' and num_nonnulls(amount, terms.expires_at, terms.expires_in) = 0 then 'amount'
        when terms.is_final is not null and kind is distinct from 'capture' then 'is_final'
        when terms.may_exceed is not null and kind is distinct from 'capture' then 'may_exceed'
        when terms.at_most is not null and coalesce(kind <> 'reversal', false) then 'at_most'
        when terms.expires_at is not null
             and (terms.expires_in is not null or coalesce(kind not in ('hold', 'adjustment'), true)
                  or terms.expires_at <= moment or terms.expires_at > moment + lifetime_max * interval '1 second') then 'expires_at'
        when terms.expires_in is not null
             and (terms.expires_in not between 1 and lifetime_max
                  or coalesce(kind not in ('hold', 'adjustment'), true)) then 'expires_in'
        when terms.source_version not between 0 and amount_max then 'source_version'
        when terms.source_balance_min not between -amount_max and amount_max then 'source_balance_min'
        when terms.target_balance_max is not null
             and (target_id is null or terms.target_balance_max not between -amount_max and amount_max)
            then 'target_balance_max'
    end;
end;
$$;

comment on function remit.request_fault(uuid, uuid, bigint, remit_v1.transfer_terms, timestamptz) is
    'The first field of a request with terms that is not as it must be.';
