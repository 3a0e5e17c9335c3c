create or replace function remit.originals_after(
    original_ids uuid[], originals remit.reversible[], draft remit.transfer_draft)
    returns remit.reversible[]
    language plpgsql
    immutable
as $$
-- What is left of the transfers that a call reverses, after a posted draft: it reverses one of
-- them, or is one.
--
-- Raises: nothing. Locks: nothing.
declare
    is_reversal constant boolean := coalesce((draft.terms).kind = 'reversal', false);
    place constant integer := array_position(
        original_ids, case when is_reversal then (draft.terms).subject_id else draft.id end);
begin
    if place is not null and is_reversal then
        originals[place] := (
            originals[place].left_amount - draft.moved, originals[place].reversals + 1)::remit.reversible;
    elsif place is not null then
        originals[place] := (nullif(draft.moved, 0), 0)::remit.reversible;
    end if;
    return originals;
end;
$$;

comment on function remit.originals_after(uuid[], remit.reversible[], remit.transfer_draft) is
    'What is left of the transfers that a call reverses, after a posted draft.';
