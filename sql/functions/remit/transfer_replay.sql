create or replace function remit.transfer_replay(
    ledger_id bigint, draft remit.transfer_draft, requested_currency text, twin remit.transfer_draft)
    returns remit.transfer_draft
    language plpgsql
    stable
as $$
-- What becomes of a draft whose id is taken: by a row of the journal, else by an earlier request of
-- the same call, the twin.
--
-- The same content is answered again as it was, other content is refused. A caller that may not
-- spend learns nothing of a twin.
--
-- Raises: nothing. Locks: nothing.
declare
    stored remit.transfers := draft.stored;
    is_same boolean;
begin
    if stored.id is null then
        if draft.outcome in ('unauthenticated', 'forbidden') then
            return draft;
        end if;
        select transfer_replay.ledger_id, twin.id, twin.outcome, twin.source_id, twin.target_id, twin.amount::remit.exact_amount, twin.currency::remit.currency_code,
               twin.source_version, twin.source_balance, twin.target_version, twin.target_balance, twin.reference::remit.short_reference,
               twin.metadata::remit.small_metadata, twin.request_id::remit.short_request_id, twin.created_at,
               twin.terms, twin.amount_asked, twin.effect
          into stored;
    end if;

    -- With terms, what was taken may be another amount than what was asked.
    is_same := (stored.source_id, stored.target_id, stored.reference, stored.metadata, stored.terms, stored.amount_asked)
        is not distinct from
        (draft.source_id, draft.target_id, draft.reference, draft.metadata, draft.terms, draft.amount_asked)
        and (draft.terms is distinct from null or stored.amount is not distinct from draft.amount);
    -- An omitted currency means the source's, which the stored row names, unless it was refused for
    -- another.
    if requested_currency is not null then
        is_same := is_same and requested_currency = stored.currency;
    elsif stored.outcome = 'currency_mismatch' then
        is_same := is_same and stored.currency = (
            select w.currency from remit.wallets w
             where w.ledger_id = transfer_replay.ledger_id and w.id = stored.source_id);
    end if;

    draft.field := null;
    draft.currency := requested_currency;
    if not is_same then
        draft.outcome := 'idempotency_key_reused';
        return draft;
    end if;
    draft.outcome := stored.outcome;
    draft.replayed := true;
    draft.amount := stored.amount;
    draft.effect := stored.effect;
    draft.currency := stored.currency;
    draft.source_version := stored.source_version;
    draft.source_balance := stored.source_balance;
    draft.target_version := stored.target_version;
    draft.target_balance := stored.target_balance;
    draft.request_id := stored.request_id;
    draft.created_at := stored.created_at;
    return draft;
end;
$$;

comment on function remit.transfer_replay(bigint, remit.transfer_draft, text, remit.transfer_draft) is
    'What becomes of a draft whose id is taken: the stored result, or idempotency_key_reused.';
