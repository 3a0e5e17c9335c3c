create or replace function remit.transfers_store(
    ledger_id bigint, locked remit.locked_wallets, decided remit.decision)
    returns remit.transfer_draft[]
    language plpgsql
    volatile
as $$
-- Writes what was decided and is stored, but for replays: the last step of transfers_post, under
-- whose settings it runs. What expired comes before what was asked for. Gives the
-- drafts: an assignment costs less than `perform`, which would start a query.
--
-- Events are numbered here, from one value of the sequence, which leaves room for a call's. Their
-- ids are UUIDs of version 7 (RFC 9562): the moment, then the number, which no two have. So events
-- that are next to each other in time are next to each other in a consumer's index.
--
-- Raises: WL001 for a person who gives no reason; 23505 when another session has used one of the
-- ids at this moment.
-- Locks: the rows that it writes; the wallets are locked already.
declare
    balances constant bigint[] := decided.balances;
    -- Null where something is held: then holds_store writes the wallets.
    versions constant bigint[] := case when decided.helds is null then decided.versions end;
    event_prefix text;
begin
    event_prefix := lpad(to_hex(floor(extract(epoch from locked.moment) * 1000)::bigint), 12, '0') || '70008';
    with stored as materialized (
        -- One value, if there is a row.
        select d.id, d.outcome, d.source_id, d.target_id, d.amount, d.currency,
               d.source_version, d.source_balance, d.target_version, d.target_balance,
               d.reference, d.metadata, d.request_id, d.created_at, d.terms, d.amount_asked, d.effect,
               (select nextval('remit.outbox_id_seq')) + d.ordinality - 1 as event
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
    insert into remit.outbox (ledger_id, id, event_id, type, subject_id, request_id, created_at)
        overriding system value
    select transfers_store.ledger_id, s.event,
           (event_prefix || lpad(to_hex(s.event), 15, '0'))::uuid,
           remit.transfer_event(s.outcome, (s.terms).kind),
           s.id, s.request_id, locked.moment
      -- In the order of the requests: ids of events of one wallet rise with its versions.
      from stored s;
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

comment on function remit.transfers_store(bigint, remit.locked_wallets, remit.decision) is
    'Writes what transfers_post decided: wallets, holds, journal, events, spending and audit log.';
