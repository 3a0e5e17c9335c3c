create or replace function remit.effect_draw(
    draft remit.transfer_draft, helds bigint[], held_untils timestamptz[])
    returns remit_v1.transfer_effect
    language plpgsql
    immutable
as $$
-- What a posted draft leaves held: a part of transfers_decide. Null where nothing is and the draft
-- is about no hold.
--
-- Raises: nothing. Locks: nothing.
declare
    effect remit_v1.transfer_effect := draft.effect; -- With what terms_weigh says of the hold.
begin
    effect.source_held := nullif(helds[draft.source], 0);
    effect.source_held_until := held_untils[draft.source];
    if draft.target_version is not null then
        effect.target_held := nullif(helds[draft.target], 0);
        effect.target_held_until := held_untils[draft.target];
    end if;
    return case when effect is null then null else effect end;
end;
$$;

comment on function remit.effect_draw(remit.transfer_draft, bigint[], timestamptz[]) is
    'What a posted draft leaves held.';
