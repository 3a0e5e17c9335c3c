create or replace function remit.first_expiry(
    draft remit.transfer_draft, held_until timestamptz, others_until timestamptz, hold_before remit.holds, holds remit.holds[])
    returns timestamptz
    language plpgsql
    immutable
as $$
-- When the first open hold of a source ends, after a draft has changed one of them: a part of
-- transfers_decide.
--
-- held_until is when the first one ended before that, and hold_before the draft's hold as it was.
-- holds are those in memory, and others_until is when the first one ends that is not among them.
--
-- Raises: nothing. Locks: nothing.
declare
    expires_at constant timestamptz := case when (draft.hold).is_open then (draft.hold).expires_at end;
begin
    if hold_before.expires_at = held_until then -- The first one may be another now.
        return least(
            expires_at, others_until,
            (select min(h.expires_at) from unnest(holds) h
              where h.source_id = draft.source_id and h.is_open and h.id <> (draft.hold).id));
    end if;
    return least(held_until, expires_at);
end;
$$;

comment on function remit.first_expiry(remit.transfer_draft, timestamptz, timestamptz, remit.holds, remit.holds[]) is
    'When the first open hold of a source ends, after a draft has changed one of them.';
