create or replace function remit_v1.transfers_post(
    ledger_id bigint, requests remit_v1.transfer_request[], key_sha256s bytea[] default null,
    terms remit_v1.transfer_terms[] default null, dry_run boolean default false, traceparents text[] default null)
    returns setof remit_v1.transfer_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
    -- Compiled for an estimate that is large, a call would cost more than it saves.
    set jit = off
    -- Plans are made once and kept, also those of the steps. Made while a table is small, they must
    -- serve when it is large: wallets and transfers are looked up, never scanned or hashed.
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
-- Posts 1 to 1,000 transfers in order; the only code that moves money. One result for each request,
-- in order.
--
-- Every outcome is data: a refused request never fails its neighbours. What is stored
-- (outcome_is_stored) is in the journal under the request's id, once. A later request with the same
-- id and content gets the stored result, with replayed set.
--
-- A wallet that another session has locked is skipped, and its requests are answered 'wallet_busy'.
-- A caller that would rather wait locks the wallets first, as transfer_create does.
--
-- key_sha256s has the caller of each request. Where it is null, or one of its elements is, the
-- session itself is the caller. What a person's session posts is in the audit log, with whatever
-- keys. The reason is the references, or the setting remit.reason.
--
-- terms has what a request asks beyond a transfer: a hold and what is done to it, a reversal, legs
-- of a group, conditions (transfer_terms). A request about a hold or another transfer leaves out
-- the wallets that follow from it. Left out, all requests are transfers. The ids of legs follow
-- from their group's (leg_id). With dry_run all is decided and nothing is written. traceparents has
-- the trace that each request belongs to (W3C Trace Context), for its event.
--
-- | step   | function         | what it does                                                      |
-- | ------ | ---------------- | ----------------------------------------------------------------- |
-- | admit  | transfers_admit  | who calls, which wallets are meant, what a caller may use         |
-- | lock   | wallets_lock     | locks the wallets; from here on no other session changes them     |
-- | draft  | transfers_draft  | decides what follows from no balance, for all requests at once    |
-- | decide | transfers_decide | decides the rest in order, each upon what the ones before it left |
-- | store  | transfers_store  | writes wallets, holds, journal, events, spending and audit log    |
--
-- Each step is called once. What a step finds goes to the next one by value: a table is written in
-- the last step only.
--
-- Raises: WL001 for the number or the size of requests, keys or terms, or the bounds of their
-- arrays, or for a group that is not whole, or for a person who gives no reason; 23505 or 40P01
-- when another session uses the same id for another transfer at this moment (call again).
-- Locks: the wallets named, for no key update, in order of id and without waiting.
declare
    admitted remit.admission;
    locked remit.locked_wallets;
    decided remit.decision;
    draft remit.transfer_draft;
    drafts remit.transfer_draft[];
begin
    -- One expression: each that a call evaluates costs it a microsecond.
    if terms is not null or traceparents is not null
       or (cardinality(requests) between 1 and 1000 and array_ndims(requests) = 1 and array_lower(requests, 1) = 1
           and pg_column_size(requests) <= 16777216
           and (key_sha256s is null
                or cardinality(key_sha256s) = cardinality(requests) and array_ndims(key_sha256s) = 1
                   and array_lower(key_sha256s, 1) = 1 and ('' = any (key_sha256s)) is not true)) is not true then
        perform remit.call_check(requests, key_sha256s, terms, traceparents);
    end if;

    admitted := remit.transfers_admit(transfers_post.ledger_id, requests, key_sha256s, terms);
    locked := remit.wallets_lock(transfers_post.ledger_id, admitted);
    decided := remit.transfers_decide(
        transfers_post.ledger_id, admitted, locked,
        remit.transfers_draft(transfers_post.ledger_id, admitted, locked));
    drafts := case
        when dry_run is true then decided.drafts
        else remit.transfers_store(transfers_post.ledger_id, locked, decided, traceparents)
    end;

    -- Row by row: for one request this costs a fifth of a query.
    foreach draft in array drafts loop
        return next (
            draft.id, draft.outcome, draft.field, draft.replayed, draft.source_id, draft.target_id,
            draft.amount, draft.currency, draft.source_version, draft.source_balance,
            draft.target_version, draft.target_balance, draft.reference, draft.metadata,
            draft.request_id,
            case when remit.outcome_is_stored(draft.outcome) then draft.created_at end,
            draft.terms, draft.amount_asked, draft.effect, null, null
        )::remit_v1.transfer_result;
    end loop;
end;
$$;

comment on function remit_v1.transfers_post(bigint, remit_v1.transfer_request[], bytea[], remit_v1.transfer_terms[], boolean, text[]) is
    'Posts 1 to 1,000 transfers in order. One result for each request; every outcome is data.';

grant execute on function remit_v1.transfers_post(bigint, remit_v1.transfer_request[], bytea[], remit_v1.transfer_terms[], boolean, text[])
   to remit_server, remit_operator;
