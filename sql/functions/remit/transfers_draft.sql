create or replace function remit.transfers_draft(
    ledger_id bigint, admitted remit.admission, locked remit.locked_wallets)
    returns remit.transfer_draft[]
    language plpgsql
    stable
as $$
-- Decides what follows from no balance, for all requests at once: a step of transfers_post, under
-- whose settings it runs. A draft without an outcome is left to transfers_decide.
--
-- The journal is asked for the ids after the wallets were locked: a twin that held them has
-- committed.
--
-- Raises: nothing. Locks: nothing.
declare
    amount_max constant bigint := 9007199254740991; -- 2^53 − 1: exact in every JSON client.
    -- Variables of their own: an element of an attribute would be searched for from the first one
    -- on.
    may_spends constant boolean[] := admitted.may_spends;
    reachables constant boolean[] := admitted.reachables;
    wallets constant remit.locked_wallet[] := locked.wallets;
    terms constant remit_v1.transfer_terms[] := admitted.terms;
begin
    return array(
        select (case
                    when r.may_spend is null then 'unauthenticated'
                    when not r.may_spend then 'forbidden'
                    when r.invalid_field is not null then 'invalid_field'
                    when r.source_id is null and r.kind = 'reversal' then 'transfer_not_found'
                    when r.source_id is null then 'hold_not_found'
                    when r.source_id = r.target_id then 'same_wallet'
                    when not reachables[r.ordinality] then 'wallet_not_found'
                    when r.field = 'source_id' then remit.wallet_absence(transfers_draft.ledger_id, r.source_id)
                    when r.field = 'target_id' then remit.wallet_absence(transfers_draft.ledger_id, r.target_id)
                    when wallets[r.source].currency <> wallets[r.target].currency or r.currency <> wallets[r.source].currency
                        then 'currency_mismatch'
                    when (wallets[r.source].is_frozen or wallets[r.target].is_frozen)
                         -- These give back, or terms_weigh decides.
                         and coalesce(r.kind not in ('adjustment', 'release'), true) then 'wallet_frozen'
                end,
                r.field, false, r.id, r.source_id, r.target_id, r.amount,
                case when r.may_spend and r.field is null then coalesce(r.currency, wallets[r.source].currency) else r.currency end,
                null, null, null, null, r.reference, coalesce(r.metadata, '{}'), r.request_id, locked.moment,
                r.source, r.target, case when r.may_spend then r.stored end,
                r.terms, case when r.terms is distinct from null then r.amount end, null,
                r.amount, r.amount, r.amount, null)::remit.transfer_draft
          from (select v.*,
                       case
                           when v.may_spend is not true then null
                           when v.invalid_field is not null then v.invalid_field
                           when v.source_id is null then 'subject_id'
                           when v.source_id = v.target_id then 'target_id'
                           when not reachables[v.ordinality] then 'source_id'
                           when wallets[v.source].id is distinct from v.source_id then 'source_id'
                           when wallets[v.target].id is distinct from v.target_id then 'target_id'
                       end as field
                  from (select u.*, found.stored,
                               -- Where the wallet stands among the locked, if it does: the place of
                               -- the last id not above its own. A subquery, as width_bucket would
                               -- copy a variable for each request.
                               coalesce(width_bucket(u.source_id, (select locked.ids)), 0) as source,
                               coalesce(width_bucket(u.target_id, (select locked.ids)), 0) as target,
                               may_spends is null or may_spends[u.ordinality] as may_spend,
                               terms[u.ordinality] as terms, (terms[u.ordinality]).kind as kind,
                               coalesce(case
                                   when u.id is null then 'id'
                                   when terms[u.ordinality] is distinct from null
                                       then remit.request_fault(u.source_id, u.target_id, u.amount, terms[u.ordinality], locked.moment)
                                   when u.source_id is null then 'source_id'
                                   when u.target_id is null then 'target_id'
                                   when u.amount is null or u.amount < 1 or u.amount > amount_max then 'amount'
                               end, case
                                   when octet_length(u.currency) <> 3 or u.currency !~ '^[A-Z]{3}$' then 'currency'
                                   when length(u.reference) > 200 then 'reference'
                                   when u.metadata is not null and not remit.metadata_is_valid(u.metadata) then 'metadata'
                                   when octet_length(u.request_id) > 255 then 'request_id'
                               end) as invalid_field
                          from unnest(admitted.requests) with ordinality as u
                               left join lateral (
                                   select t from remit.transfers t
                                    where t.ledger_id = transfers_draft.ledger_id and t.id = u.id
                                   offset 0) as found (stored) on true
                        offset 0) v -- Else each use of a column would compute it again.
                offset 0) r);
end;
$$;

comment on function remit.transfers_draft(bigint, remit.admission, remit.locked_wallets) is
    'Decides what follows from no balance, for all requests of a call at once.';
