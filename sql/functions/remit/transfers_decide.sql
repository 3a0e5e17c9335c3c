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
-- one update.
--
-- Raises: nothing. Locks: nothing.
declare
    amount_max constant bigint := 9007199254740991;
    -- Variables of their own: an element of an attribute would be searched for from the first one
    -- on.
    wallets constant remit.locked_wallet[] := locked.wallets;
    balances bigint[] := locked.balances;
    versions bigint[] := locked.versions;
    spents bigint[] := locked.spents;
    are_limited constant boolean := spents is not null;
    draft remit.transfer_draft;
    -- The ids that several requests have, and the place of the first of them whose outcome is
    -- stored.
    repeated_ids uuid[];
    repeated_places integer[];
    repeated integer;
begin
    if cardinality(drafts) > 1 then
        repeated_ids := array(select d.id from unnest(drafts) d where d.id is not null group by d.id having count(*) > 1);
    end if;

    for i in 1 .. cardinality(drafts) loop
        draft := drafts[i];
        repeated := array_position(repeated_ids, draft.id);
        if (draft.stored).id is not null or repeated_places[repeated] is not null then
            draft := remit.transfer_replay(
                transfers_decide.ledger_id, draft, admitted.requests[i].currency, drafts[repeated_places[repeated]]);
        end if;

        if draft.outcome is null then
            if balances[draft.source] - draft.amount < wallets[draft.source].floor then
                draft.outcome := 'insufficient_funds';
            elsif are_limited and (draft.amount > wallets[draft.source].transfer_max
                                   or spents[draft.source] + draft.amount > wallets[draft.source].daily_max) then
                draft.outcome := 'limit_exceeded';
            elsif balances[draft.target] + draft.amount > amount_max or balances[draft.source] - draft.amount < -amount_max then
                draft.outcome := 'balance_limit_exceeded';
            else
                draft.outcome := 'posted';
                draft.source_balance := balances[draft.source] - draft.amount;
                draft.source_version := versions[draft.source] + 1;
                draft.target_balance := balances[draft.target] + draft.amount;
                draft.target_version := versions[draft.target] + 1;
                balances[draft.source] := draft.source_balance;
                versions[draft.source] := draft.source_version;
                balances[draft.target] := draft.target_balance;
                versions[draft.target] := draft.target_version;
                if are_limited then
                    spents[draft.source] := spents[draft.source] + draft.amount;
                end if;
            end if;
        end if;
        drafts[i] := draft;
        if repeated is not null and repeated_places[repeated] is null and remit.outcome_is_stored(draft.outcome) then
            repeated_places[repeated] := i;
        end if;
    end loop;
    return (drafts, balances, versions)::remit.decision;
end;
$$;

comment on function remit.transfers_decide(bigint, remit.admission, remit.locked_wallets, remit.transfer_draft[]) is
    'Decides drafts in order, each upon what the ones before it left.';
