create or replace function remit.group_refuse(drafts remit.transfer_draft[], failed integer)
    returns remit.transfer_draft[]
    language plpgsql
    immutable
as $$
-- Refuses the legs of the group whose leg at the place failed was refused: a part of
-- transfers_decide, which takes back what the legs before it did.
--
-- The leg keeps its reason, and the others are group_refused. If the reason is not stored, it is
-- that of all of them, and nothing of the group is.
--
-- Raises: nothing. Locks: nothing.
declare
    reason constant remit_v1.transfer_outcome := drafts[failed].outcome;
    is_stored constant boolean := remit.outcome_is_stored(reason);
    first constant integer := failed - (drafts[failed].terms).group_place + 1;
    leg remit.transfer_draft;
begin
    for i in first .. first + (drafts[failed].terms).group_size - 1 loop
        leg := drafts[i];
        -- A later leg whose own reason is not stored has its turn, unless that of this one is not.
        if i <> failed and (i < failed or not is_stored or coalesce(remit.outcome_is_stored(leg.outcome), true)) then
            leg.outcome := (case when is_stored then 'group_refused' else reason end)::remit_v1.transfer_outcome;
            leg.field := null;
            leg.replayed := false;
            leg.amount := leg.amount_asked;
            leg.source_version := null;
            leg.source_balance := null;
            leg.target_version := null;
            leg.target_balance := null;
            leg.effect := null;
            if not is_stored then
                leg.stored := null; -- It is not replayed.
            end if;
            drafts[i] := leg;
        end if;
    end loop;
    return drafts;
end;
$$;

comment on function remit.group_refuse(remit.transfer_draft[], integer) is
    'Refuses the legs of the group of which one was refused.';
