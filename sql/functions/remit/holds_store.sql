create or replace function remit.holds_store(ledger_id bigint, locked remit.locked_wallets, decided remit.decision)
    returns void
    language plpgsql
    volatile
as $$
-- Writes what became of wallets where something is held, of holds, and of the transfers that were
-- reversed: a part of transfers_store. Holds and reversals follow from the rows of the journal that
-- the call writes, and from nothing else: a hold of which no draft was posted may be of a wallet
-- that is not locked.
--
-- Raises: nothing. Locks: the rows that it writes; the wallets are locked already.
declare
    drafts constant remit.transfer_draft[] := locked.expired || decided.drafts;
    balances constant bigint[] := decided.balances;
    versions constant bigint[] := decided.versions;
    helds constant bigint[] := decided.helds;
    held_untils constant timestamptz[] := decided.held_untils;
begin
    update remit.wallets w
       set balance = balances[l.ordinality], version = versions[l.ordinality], updated_at = locked.moment,
           held = helds[l.ordinality], held_until = held_untils[l.ordinality]
      from unnest(locked.wallets) with ordinality as l
     where w.ctid = l.ctid -- As in transfers_store.
       and (w.ledger_id = holds_store.ledger_id) is true
       and versions[l.ordinality] <> l.version;

    insert into remit.holds as h (
           ledger_id, id, source_id, target_id, currency, amount, captured, is_open, expires_at, closed_by,
           reference, metadata, created_version, version, created_at, updated_at)
    -- The last draft of each.
    select distinct on ((d.hold).id)
           holds_store.ledger_id, (d.hold).id, (d.hold).source_id, (d.hold).target_id, (d.hold).currency, (d.hold).amount,
           (d.hold).captured, (d.hold).is_open, (d.hold).expires_at, (d.hold).closed_by, (d.hold).reference,
           (d.hold).metadata, (d.hold).created_version, (d.hold).version, (d.hold).created_at, (d.hold).updated_at
      from unnest(drafts) as d
     where (d.hold).id is not null and d.outcome = 'posted' and not d.replayed
     order by (d.hold).id, (d.hold).version desc
    on conflict on constraint holds_pkey do update
       set amount = excluded.amount, captured = excluded.captured, is_open = excluded.is_open,
           expires_at = excluded.expires_at, closed_by = excluded.closed_by, version = excluded.version,
           updated_at = excluded.updated_at;

    insert into remit.reversed_transfers as v (ledger_id, transfer_id, amount, reversal_ids)
    select holds_store.ledger_id, (d.terms).subject_id, sum(d.moved)::bigint, array_agg(d.id order by d.ordinality)
      from unnest(drafts) with ordinality as d
     where (d.terms).kind = 'reversal' and d.outcome = 'posted' and not d.replayed
     group by (d.terms).subject_id
    on conflict on constraint reversed_transfers_pkey do update
       set amount = v.amount + excluded.amount, reversal_ids = v.reversal_ids || excluded.reversal_ids;
end;
$$;

comment on function remit.holds_store(bigint, remit.locked_wallets, remit.decision) is
    'Writes what became of wallets where something is held, of holds, and of reversed transfers.';
