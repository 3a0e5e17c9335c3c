create or replace function remit.transfers_store(
    ledger_id bigint, locked remit.locked_wallets, decided remit.decision, traceparents text[] default null)
    returns remit.transfer_draft[]
    language plpgsql
    volatile
as $$
-- Writes what was decided and is stored, but for replays: the last step of transfers_post, under
-- whose settings it runs. What expired comes before what was asked for. Gives the
-- drafts: an assignment costs less than `perform`, which would start a query.
--
-- One row of the outbox tells of all that is stored, and takes one value of the sequence, which
-- leaves room for a call's events. In the order of the requests: the numbers of a wallet's events
-- rise with its versions. traceparents has an element for each request.
--
-- Raises: WL001 for a person who gives no reason; 23505 when another session has used one of the
-- ids at this moment.
-- Locks: the rows that it writes; the wallets are locked already.
declare
    balances constant bigint[] := decided.balances;
    -- Null where something is held: then holds_store writes the wallets.
    versions constant bigint[] := case when decided.helds is null then decided.versions end;
begin
    with stored as materialized (
        select d.id, d.outcome, d.source_id, d.target_id, d.amount, d.currency,
               d.source_version, d.source_balance, d.target_version, d.target_balance,
               d.reference, d.metadata, d.request_id, d.created_at, d.terms, d.amount_asked, d.effect, d.ordinality
          from unnest(locked.expired || decided.drafts) with ordinality as d
         where remit.outcome_is_stored(d.outcome) and not d.replayed
    ), changed_wallets as (
        update remit.wallets w
           set balance = balances[l.ordinality], version = versions[l.ordinality], updated_at = locked.moment
          from unnest(locked.wallets) with ordinality as l
         where w.ctid = l.ctid -- Where the lock found it: no other session can have moved it since.
           -- Which no index answers: the ledger has many.
           and (w.ledger_id = transfers_store.ledger_id) is true
           and versions[l.ordinality] <> l.version
    ), journal as (
        insert into remit.transfers (
               ledger_id, id, outcome, source_id, target_id, amount, currency,
               source_version, source_balance, target_version, target_balance,
               reference, metadata, request_id, created_at, terms, amount_asked, effect)
        select transfers_store.ledger_id, s.id, s.outcome, s.source_id, s.target_id, s.amount, s.currency,
               s.source_version, s.source_balance, s.target_version, s.target_balance,
               s.reference, s.metadata, s.request_id, s.created_at, s.terms, s.amount_asked, s.effect
          from stored s
    )
    insert into remit.outbox (ledger_id, types, subject_ids, traceparents, created_at)
    select transfers_store.ledger_id,
           array_agg(remit.transfer_event(s.outcome, (s.terms).kind) order by s.ordinality),
           array_agg(s.id order by s.ordinality),
           case when transfers_store.traceparents is not null then (
               select array_agg(transfers_store.traceparents[t.ordinality - coalesce(cardinality(locked.expired), 0)] order by t.ordinality)
                 from stored t) end,
           locked.moment
      from stored s
    having count(*) > 0;
    -- The server's own login is no person: no migration lets it be a member of another role. It is
    -- asked first, as the rest costs a call of one transfer a hundredth of its time.
    if not found or decided.helds is null and locked.spents is null and session_user = 'remit_server' then
        return decided.drafts;
    end if;

    if decided.helds is not null then
        perform remit.holds_store(transfers_store.ledger_id, locked, decided);
    end if;

    if locked.spents is not null then
        perform remit.spending_record(transfers_store.ledger_id, clock_timestamp(), decided.drafts, locked.wallets);
    end if;
    if session_user <> 'remit_server' and remit.session_is_operators() then -- Whatever keys it has.
        perform remit.audit_record(
            transfers_store.ledger_id, 'transfers_post', array_agg(d.id),
            case when bool_and(coalesce(d.reference, '') <> '') then (array_agg(d.reference))[1] end, null, null)
           from unnest(decided.drafts) with ordinality as d
          where remit.outcome_is_stored(d.outcome) and not d.replayed
         having count(*) > 0; -- There may have been expiries alone.
    end if;
    return decided.drafts;
end;
$$;

comment on function remit.transfers_store(bigint, remit.locked_wallets, remit.decision, text[]) is
    'Writes what transfers_post decided: wallets, holds, journal, events, spending and audit log.';
