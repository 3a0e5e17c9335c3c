create or replace function remit.terms_meet(
    ledger_id bigint, draft remit.transfer_draft, about remit.transfer_draft, source remit.locked_wallet,
    locked_version bigint, version bigint)
    returns remit.transfer_draft
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- Refuses a draft whose terms name what is not there: a part of transfers_decide, before
-- terms_weigh.
--
-- about is the request of the same call that the draft is about, if it is about one. What became of
-- that one decides as the journal would in a later call: a hold is there once it is posted, and a
-- transfer once it is stored.
--
-- source is the source as it was before the call, locked_version its version once the holds had
-- ended whose time has come, and version that at the draft's place of the call. Reads leave out a
-- hold that has ended before its expiry is written. So a condition on the version is met as well if
-- nothing but expiries came after the version that it names: the client has seen all there is.
--
-- Raises: nothing. Locks: nothing.
declare
    expiries_max constant integer := 1000; -- That it looks at: as many as one call writes.
    kind constant remit_v1.transfer_kind := (draft.terms).kind;
    expected constant bigint := (draft.terms).source_version;
begin
    if draft.replayed or coalesce(draft.outcome not in ('wallet_frozen', 'currency_mismatch'), false) then
        return draft; -- It does not matter.
    end if;
    if about.id is not null
       and (case when kind = 'reversal' then remit.outcome_is_stored(about.outcome)
                 else about.outcome = 'posted' and (about.terms).kind = 'hold' end) is not true then
        draft.outcome := (case when kind = 'reversal' then 'transfer_not_found' else 'hold_not_found' end)::remit_v1.transfer_outcome;
        draft.field := 'subject_id';
    elsif draft.outcome is null and expected <> version
          and (version = locked_version and expected < version and source.version - expected <= expiries_max and (
              select count(*) from remit.transfers t
               where t.ledger_id = terms_meet.ledger_id and t.source_id = source.id
                 and t.source_version > expected and t.source_version <= source.version and (t.terms).kind = 'expiry'
              ) = greatest(source.version - expected, 0)) is not true then
        draft.outcome := 'condition_failed';
    end if;
    return draft;
end;
$$;

comment on function remit.terms_meet(
    bigint, remit.transfer_draft, remit.transfer_draft, remit.locked_wallet, bigint, bigint) is
    'Refuses a draft whose terms name a subject or a version that is not there.';
