create or replace function remit.terms_weigh(
    draft remit.transfer_draft, source remit.locked_wallet, balance bigint, version bigint, bar bigint,
    target_balance bigint, hold remit.holds, original remit.reversible, is_user boolean)
    returns remit.transfer_draft
    language plpgsql
    immutable
as $$
-- What a draft with terms comes to, before funds and limits are looked at: a part of
-- transfers_decide. It has an outcome if the terms alone refuse it.
--
-- balance, version and bar are those of the source at this place of the call; hold and original are
-- what the request is about. is_user: the caller is bound to a user.
--
-- | kind       | moved  | what is held changes by                                       |
-- | ---------- | ------ | ------------------------------------------------------------- |
-- | transfer   | amount | 0                                                             |
-- | hold       | 0      | the amount                                                    |
-- | capture    | amount | less the amount; the last one takes all that remains from it  |
-- | adjustment | 0      | the new total less the old one                                |
-- | release    | 0      | less what remains                                             |
-- | reversal   | amount | 0                                                             |
--
-- Raises: nothing. Locks: nothing.
declare
    reversals_max constant integer := 1000;
    amount_max constant bigint := 9007199254740991; -- That one row may move.
    terms constant remit_v1.transfer_terms := draft.terms;
    kind constant remit_v1.transfer_kind := terms.kind;
    asked constant bigint := draft.amount_asked;
    remaining constant bigint := hold.amount - hold.captured;
    expires_at constant timestamptz := coalesce(
        terms.expires_at, draft.created_at + terms.expires_in * interval '1 second', hold.expires_at);
    changed remit.holds := hold;
    amount bigint := asked;
    held_change bigint := 0::bigint;
begin
    draft.outcome := (case
        when balance < terms.source_balance_min or target_balance > terms.target_balance_max then 'condition_failed'
        when kind in ('capture', 'adjustment', 'release') and hold.id is null then 'hold_not_found'
        when kind in ('capture', 'adjustment', 'release') and not hold.is_open then 'hold_closed'
        when kind = 'capture' and hold.target_id <> draft.target_id then 'invalid_field'
        when kind = 'reversal' and original.left_amount is null then 'not_reversible'
        when kind = 'reversal' and (original.left_amount = 0 or original.reversals >= reversals_max) then 'reversal_exceeded'
        when kind = 'capture' and asked > remaining and terms.may_exceed is not true then 'hold_exceeded'
        when kind = 'adjustment' and is_user
             and (asked < hold.amount or coalesce(expires_at, 'infinity') < coalesce(hold.expires_at, 'infinity')) then 'forbidden'
        when kind = 'adjustment' and asked < hold.captured then 'hold_exceeded'
        when kind = 'adjustment' and asked > hold.amount and source.is_frozen then 'wallet_frozen'
        when kind = 'reversal' and asked > original.left_amount and terms.at_most is not true then 'reversal_exceeded'
        when terms.at_most and balance <= bar then 'insufficient_funds'
        when terms.at_most and kind is null and asked is null and bar is null then 'invalid_field' -- All of what has no end.
    end)::remit_v1.transfer_outcome;
    if draft.outcome is not null then
        draft.field := case draft.outcome
            when 'hold_not_found' then 'subject_id'
            when 'invalid_field' then case when terms.at_most then 'amount' else 'target_id' end
        end;
        return draft;
    end if;

    case kind
        when 'hold' then
            held_change := asked;
            changed := (
                null, draft.id, draft.source_id, draft.target_id, draft.currency, asked, 0, true, expires_at, null,
                draft.reference, draft.metadata, version + 1, null, draft.created_at, draft.created_at)::remit.holds;
        when 'capture' then
            amount := coalesce(asked, remaining);
            changed.captured := hold.captured + amount;
            held_change := -amount;
            if amount >= remaining or coalesce(terms.is_final, true) then
                held_change := -remaining;
                changed.closed_by := kind;
            end if;
        when 'adjustment' then
            amount := coalesce(asked, hold.amount);
            held_change := amount - hold.amount;
            changed.amount := amount;
            changed.expires_at := expires_at;
            if amount = hold.captured then
                changed.closed_by := kind;
            end if;
        when 'release' then
            amount := remaining;
            held_change := -remaining;
            changed.closed_by := kind;
        when 'reversal' then
            amount := least(asked, original.left_amount);
        else null;
    end case;
    if terms.at_most then
        amount := least(amount, balance - bar, amount_max);
    end if;

    draft.amount := amount;
    draft.moved := case when kind in ('hold', 'adjustment', 'release') then 0 else amount end;
    draft.exposed := draft.moved + held_change;
    draft.counted := case when kind = 'reversal' then 0 else draft.exposed end;
    if changed.id is not null then
        changed.is_open := changed.closed_by is null;
        changed.version := version + 1;
        changed.updated_at := draft.created_at;
        draft.hold := changed;
        draft.effect := (
            null, null, null, null, changed.amount, changed.captured,
            case when changed.is_open then changed.amount - changed.captured else 0 end, changed.expires_at, hold.version
        )::remit_v1.transfer_effect;
    end if;
    return draft;
end;
$$;

comment on function remit.terms_weigh(
    remit.transfer_draft, remit.locked_wallet, bigint, bigint, bigint, bigint, remit.holds, remit.reversible, boolean) is
    'What a draft with terms comes to, before funds and limits are looked at.';
