create or replace function remit.transfers_decide(
    ledger_id bigint, admitted remit.admission, locked remit.locked_wallets, drafts remit.transfer_draft[])
    returns remit.decision
    language plpgsql
    stable
as $$
-- Decides the drafts in order, each upon what the ones before it left: a step of transfers_post,
-- under whose settings it runs.
--
-- It decides by balances in memory. So a wallet that a thousand requests name costs one lock and
-- one update, and a group of which a leg fails ends in what was before it.
--
-- Raises: nothing. Locks: nothing.
declare
    amount_max constant bigint := 9007199254740991;
    -- Variables of their own: an element of an attribute would be searched for from the first on.
    wallets remit.locked_wallet[] := locked.wallets;
    balances bigint[] := locked.balances;
    versions bigint[] := locked.versions;
    spents bigint[] := locked.spents;
    are_limited constant boolean := spents is not null;
    have_holds constant boolean := locked.helds is not null; -- Something is held, or a request has terms.
    helds bigint[];
    held_untils timestamptz[];
    hold_ids uuid[];
    holds remit.holds[];
    originals remit.reversible[];
    before remit.locked_wallets; -- What was true before a group.
    draft remit.transfer_draft;
    place integer;
    -- The ids that requests share, and the place of the first one whose outcome is stored.
    repeated_ids uuid[];
    repeated_places integer[];
    repeated integer;
begin
    if have_holds then
        select locked.helds, locked.held_untils, locked.hold_ids, locked.holds, locked.originals into helds, held_untils, hold_ids, holds, originals;
    end if;
    repeated_ids := case when cardinality(drafts) > 1 then array(select d.id from unnest(drafts) d where d.id is not null group by d.id having count(*) > 1) end;

    for i in 1 .. cardinality(drafts) loop
        draft := drafts[i];
        repeated := array_position(repeated_ids, draft.id);
        if (draft.stored).id is not null or repeated is not null and remit.outcome_is_stored(drafts[repeated_places[repeated]].outcome) then
            draft := remit.transfer_replay(transfers_decide.ledger_id, draft, admitted.requests[i].currency, drafts[repeated_places[repeated]]);
        end if;
        if have_holds and draft.terms is distinct from null then
            if (draft.terms).group_place = 1 then
                before := (null, wallets, null, balances, versions, spents, helds, held_untils, hold_ids, holds, null, null, originals, null)::remit.locked_wallets;
            end if;
            if admitted.abouts[i] is not null or (draft.terms).source_version is not null then
                draft := remit.terms_meet(transfers_decide.ledger_id, draft, drafts[admitted.abouts[i]], wallets[draft.source], locked.versions[draft.source], versions[draft.source]);
            end if;
            if draft.outcome is null then
                draft := remit.terms_weigh(
                    draft, wallets[draft.source], balances[draft.source], versions[draft.source], wallets[draft.source].floor,
                    balances[draft.target], holds[array_position(hold_ids, (draft.terms).subject_id)],
                    originals[array_position(locked.original_ids, (draft.terms).subject_id)], admitted.are_users[i]);
            end if;
        end if;
        if draft.outcome is null then
            if draft.exposed > 0 and balances[draft.source] - draft.exposed < wallets[draft.source].floor then
                draft.outcome := 'insufficient_funds';
            elsif are_limited and draft.counted > 0
                  and (draft.amount > wallets[draft.source].transfer_max
                       or spents[draft.source] + draft.counted > wallets[draft.source].daily_max) then
                draft.outcome := 'limit_exceeded';
            elsif balances[draft.target] + draft.moved > amount_max or balances[draft.source] - draft.moved < -amount_max
                  or have_holds and (helds[draft.source] + draft.exposed - draft.moved > amount_max or balances[draft.source] - helds[draft.source] - draft.exposed < -amount_max) then
                draft.outcome := 'balance_limit_exceeded';
            else
                draft.outcome := 'posted';
                draft.source_balance := balances[draft.source] - draft.moved;
                draft.source_version := versions[draft.source] + 1;
                balances[draft.source] := draft.source_balance;
                versions[draft.source] := draft.source_version;
                if draft.moved > 0 then
                    draft.target_balance := balances[draft.target] + draft.moved;
                    draft.target_version := versions[draft.target] + 1;
                    balances[draft.target] := draft.target_balance;
                    versions[draft.target] := draft.target_version;
                end if;
                if are_limited then
                    spents[draft.source] := spents[draft.source] + draft.counted;
                end if;
            end if;
        end if;
        if have_holds and draft.outcome = 'posted' and not draft.replayed then
            helds[draft.source] := helds[draft.source] + draft.exposed - draft.moved;
            wallets[draft.source].floor := wallets[draft.source].floor + draft.exposed - draft.moved;
            if (draft.hold).id is not null then
                place := coalesce(array_position(hold_ids, (draft.hold).id), cardinality(hold_ids) + 1);
                held_untils[draft.source] := remit.first_expiry(
                    draft, held_untils[draft.source], locked.others_untils[draft.source], holds[place], holds);
                hold_ids[place] := (draft.hold).id;
                holds[place] := draft.hold;
            end if;
            originals := remit.originals_after(locked.original_ids, originals, draft);
            draft.effect := remit.effect_draw(draft, helds, held_untils);
        elsif draft.outcome <> 'posted' then -- Nothing became of its hold.
            draft.effect := null;
        end if;
        drafts[i] := draft;
        if have_holds and (draft.terms).group_id is not null and draft.outcome not in ('posted', 'group_refused') and not draft.replayed -- Once for one not stored.
           and ((draft.terms).group_place = 1 or remit.outcome_is_stored(drafts[i - (draft.terms).group_place + 1].outcome)) then
            drafts := remit.group_refuse(drafts, i);
            select b.wallets, b.balances, b.versions, b.spents, b.helds, b.held_untils, b.hold_ids, b.holds, b.originals
              into wallets, balances, versions, spents, helds, held_untils, hold_ids, holds, originals
              from (select before.*) b;
        end if;
        if repeated is not null and not draft.replayed and remit.outcome_is_stored(draft.outcome) then
            repeated_places[repeated] := i;
        end if;
    end loop;
    return (drafts, balances, versions, helds, held_untils)::remit.decision;
end;
$$;

comment on function remit.transfers_decide(bigint, remit.admission, remit.locked_wallets, remit.transfer_draft[]) is
    'Decides drafts in order, each upon what the ones before it left.';
