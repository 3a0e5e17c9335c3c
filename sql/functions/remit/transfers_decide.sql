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
    -- Variables of their own: an element of an attribute would be searched for from the first on.
    wallets remit.locked_wallet[] := locked.wallets;
    balances bigint[] := locked.balances;
    versions bigint[] := locked.versions;
    spents bigint[] := locked.spents; -- Null unless a wallet has a limit.
    helds bigint[] := locked.helds; -- Null unless something is held, or a request has terms.
    held_untils timestamptz[];
    holds remit.holds[];
    firsts integer[];
    originals remit.reversible[];
    before remit.locked_wallets; -- What was true before a group.
    draft remit.transfer_draft;
    place integer; -- Of the hold that the draft is about.
    -- The ids that requests share, and the place of the first one whose outcome is stored.
    repeated_ids uuid[]; repeated_places integer[]; repeated integer;
begin
    if helds is not null then
        select locked.held_untils, locked.holds, locked.firsts, locked.originals into held_untils, holds, firsts, originals;
    end if;
    repeated_ids := case when cardinality(drafts) > 1 then array(select d.id from unnest(drafts) d where d.id is not null group by d.id having count(*) > 1) end;

    for i in 1 .. cardinality(drafts) loop
        draft := drafts[i];
        repeated := array_position(repeated_ids, draft.id);
        if (draft.stored).id is not null or repeated is not null and remit.outcome_is_stored(drafts[repeated_places[repeated]].outcome) then
            draft := remit.transfer_replay(transfers_decide.ledger_id, draft, admitted.requests[i].currency, drafts[repeated_places[repeated]]);
        end if;
        if helds is not null and draft.terms is distinct from null then
            if (draft.terms).group_place = 1 then
                before := (null, wallets, null, balances, versions, spents, helds, held_untils, null, holds, firsts, null, null, originals, null)::remit.locked_wallets;
            end if;
            if admitted.abouts[i] is not null or (draft.terms).source_version is not null then
                draft := remit.terms_meet(transfers_decide.ledger_id, draft, drafts[admitted.abouts[i]], wallets[draft.source], locked.versions[draft.source], versions[draft.source]);
            end if;
            if draft.outcome is null then
                place := array_position(locked.hold_ids, coalesce((draft.terms).subject_id, draft.id));
                draft := remit.terms_weigh(
                    draft, wallets[draft.source], balances[draft.source], versions[draft.source], wallets[draft.source].floor,
                    balances[draft.target], holds[place],
                    originals[array_position(locked.original_ids, (draft.terms).subject_id)], admitted.are_users[i]);
            end if;
        end if;
        if draft.outcome is null then
            draft.outcome := case -- 2^53 − 1 is exact in every JSON client.
                when draft.exposed > 0 and balances[draft.source] - draft.exposed < wallets[draft.source].floor then 'insufficient_funds'
                when spents is not null and draft.counted > 0
                     and (draft.amount > wallets[draft.source].transfer_max
                          or spents[draft.source] + draft.counted > wallets[draft.source].daily_max) then 'limit_exceeded'
                when balances[draft.target] + draft.moved > 9007199254740991 or balances[draft.source] - draft.moved < -9007199254740991
                     or helds is not null and (helds[draft.source] + draft.exposed - draft.moved > 9007199254740991 or balances[draft.source] - helds[draft.source] - draft.exposed < -9007199254740991) then 'balance_limit_exceeded'
                else 'posted'::remit_v1.transfer_outcome -- Text would cost more to convert.
            end;
            if draft.outcome = 'posted' then
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
                if spents is not null then
                    spents[draft.source] := spents[draft.source] + draft.counted;
                end if;
            end if;
            if helds is not null then
                if draft.outcome = 'posted' and (draft.hold).id is not null then
                    helds[draft.source] := helds[draft.source] + draft.exposed - draft.moved;
                    wallets[draft.source].floor := wallets[draft.source].floor + draft.exposed - draft.moved;
                    -- Null once the order is no longer that of their ends.
                    firsts[draft.source] := case when (draft.hold).expires_at is not distinct from holds[place].expires_at
                                                 then remit.first_open(draft.hold, holds, firsts[draft.source]) end;
                    held_untils[draft.source] := case
                        when firsts[draft.source] is not null then least(locked.others_untils[draft.source], holds[firsts[draft.source]].expires_at)
                        else remit.first_expiry(draft, held_untils[draft.source], locked.others_untils[draft.source], holds[place], holds) end;
                    holds[place] := draft.hold;
                end if;
                if draft.outcome = 'posted' and cardinality(originals) > 0 then
                    originals := remit.originals_after(locked.original_ids, originals, draft);
                end if;
                -- Nothing became of a hold that is refused.
                draft.effect := case when draft.outcome = 'posted' then remit.effect_draw(draft, helds, held_untils) end;
            end if;
        end if;
        drafts[i] := draft;
        continue when helds is null and repeated is null;
        if helds is not null and (draft.terms).group_id is not null and draft.outcome not in ('posted', 'group_refused') and not draft.replayed
           -- Once for a reason that is not stored.
           and ((draft.terms).group_place = 1 or remit.outcome_is_stored(drafts[i - (draft.terms).group_place + 1].outcome)) then
            drafts := remit.group_refuse(drafts, i);
            select b.wallets, b.balances, b.versions, b.spents, b.helds, b.held_untils, b.holds, b.firsts, b.originals
              into wallets, balances, versions, spents, helds, held_untils, holds, firsts, originals
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
