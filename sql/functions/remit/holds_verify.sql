create or replace function remit.holds_verify(ledger_id bigint)
    returns setof remit_ops_v1.violation
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    -- One lookup for each, however many rows there are.
    set enable_seqscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set enable_sort = off
as $$
-- Holds what is kept of a ledger's holds and reversed transfers against the journal, from which all
-- of it follows. A row per violation.
--
-- Raises: nothing. Locks: nothing.
    select holds_verify.ledger_id, 'hold_matches_its_last_row', 'hold ' || h.id,
           jsonb_build_object('amount', h.amount, 'captured', h.captured, 'is_open', h.is_open, 'version', h.version)
      from remit.holds h
           left join lateral (
               select t.id, t.terms, t.effect, t.currency::text, a.source_id, a.target_id, a.source_version
                 from remit.transfers t
                 join remit.transfers a on a.ledger_id = t.ledger_id and a.id = h.id and (a.terms).kind = 'hold'
                where t.ledger_id = holds_verify.ledger_id and t.source_id = h.source_id and t.source_version = h.version
                  and h.id = case (t.terms).kind when 'hold' then t.id else (t.terms).subject_id end
               offset 0) l on true
     where h.ledger_id = holds_verify.ledger_id
       and ((h.source_id, h.target_id, h.currency::text, h.created_version, h.amount::bigint, h.captured::bigint, h.is_open,
             h.expires_at, h.closed_by)
            is not distinct from
            (l.source_id, l.target_id, l.currency, l.source_version, (l.effect).hold_amount, (l.effect).hold_captured,
             (l.effect).hold_remaining > 0, (l.effect).hold_expires_at,
             case when (l.effect).hold_remaining = 0 then (l.terms).kind end)) is not true
    union all
    select holds_verify.ledger_id, 'held_is_sum_of_open_holds', 'wallet ' || w.id,
           jsonb_build_object('held', w.held, 'held_until', w.held_until, 'expected', o.held, 'expected_until', o.held_until)
      from remit.wallets w
           cross join lateral (
               select coalesce(sum(h.amount - h.captured), 0) as held, min(h.expires_at) as held_until
                 from remit.holds h
                where h.ledger_id = holds_verify.ledger_id and h.source_id = w.id and h.is_open) o
     where w.ledger_id = holds_verify.ledger_id
       and (w.held <> o.held or w.held_until is distinct from o.held_until)
    union all
    select holds_verify.ledger_id, 'reversed_is_sum_of_reversals', 'transfer ' || v.transfer_id,
           jsonb_build_object('reversed', v.amount, 'expected', r.amount, 'original', t.amount)
      from remit.reversed_transfers v
           left join remit.transfers t on t.ledger_id = v.ledger_id and t.id = v.transfer_id
           cross join lateral (
               select sum(x.amount) as amount, count(distinct x.id) as rows
                 from unnest(v.reversal_ids) as i (id)
                 join remit.transfers x on x.ledger_id = v.ledger_id and x.id = i.id
                where x.outcome = 'posted' and (x.terms).kind = 'reversal' and (x.terms).subject_id = v.transfer_id) r
     where v.ledger_id = holds_verify.ledger_id
       and (v.amount = r.amount and v.amount <= t.amount and r.rows = cardinality(v.reversal_ids)) is not true;
$$;

comment on function remit.holds_verify(bigint) is
    'Holds what is kept of a ledger''s holds and reversed transfers against the journal. A row per violation.';
