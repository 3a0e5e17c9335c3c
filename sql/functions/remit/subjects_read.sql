create or replace function remit.subjects_read(
    ledger_id bigint, admitted remit.admission, locked remit.locked_wallets)
    returns remit.locked_wallets
    language plpgsql
    stable
as $$
-- Reads the holds that requests are about, and what is left of the transfers that they reverse,
-- under the locks of their wallets: a part of wallets_lock. What is not there may still be made by
-- the call, and has a place.
--
-- Raises: nothing. Locks: nothing.
declare
    terms constant remit_v1.transfer_terms[] := admitted.terms;
    named uuid[];
    source_ids uuid[]; -- Of the holds that there are.
begin
    named := array(
        select distinct t.subject_id from unnest(terms) t
         where t.kind in ('capture', 'adjustment', 'release') and t.subject_id is not null
           and t.subject_id <> all (coalesce(locked.hold_ids, '{}')));
    -- As first_open needs them.
    select array_agg(h.hold) || locked.holds,
           array_agg(h.id) || locked.hold_ids || array(
               select r.id from unnest(admitted.requests) with ordinality as r where (terms[r.ordinality]).kind = 'hold'),
           array_agg((h.hold).source_id) filter (where (h.hold).source_id is not null)
      into locked.holds, locked.hold_ids, source_ids
      from (select n.id, f.hold
              from unnest(named) as n (id)
                   left join lateral (
                       select x as hold from remit.holds x
                        where x.ledger_id = subjects_read.ledger_id and x.id = n.id
                       offset 0) f on true
             order by (f.hold).source_id, (f.hold).expires_at desc) h;

    if cardinality(named) > 0 then
        locked.firsts := array(select width_bucket(w.id, source_ids) from unnest(locked.ids) as w (id));
        locked.others_untils := array(
            select (select h.expires_at from remit.holds h
                     where h.ledger_id = subjects_read.ledger_id and h.source_id = w.id and h.is_open
                       and w.held_until is not null and h.id not in (select i from unnest(locked.hold_ids) i)
                     order by h.expires_at, h.id
                     limit 1)
              from unnest(locked.wallets) with ordinality
                   as w (ctid, id, currency, floor, version, is_frozen, transfer_max, daily_max, held, held_until, place)
             order by w.place);
    end if;

    locked.original_ids := array(
        select distinct t.subject_id from unnest(terms) t where t.kind = 'reversal' and t.subject_id is not null);
    locked.originals := array(
        select (case when t.id is not null and t.outcome = 'posted' and coalesce((t.terms).kind, 'capture') = 'capture'
                     then t.amount - coalesce(v.amount, 0) end,
                coalesce(cardinality(v.reversal_ids), 0))::remit.reversible
          from unnest(locked.original_ids) with ordinality as o (id, place)
               left join lateral (
                   select j.id, j.outcome, j.terms, j.amount::bigint from remit.transfers j
                    where j.ledger_id = subjects_read.ledger_id and j.id = o.id
                   offset 0) t on true
               left join lateral (
                   select x.amount::bigint, x.reversal_ids from remit.reversed_transfers x
                    where x.ledger_id = subjects_read.ledger_id and x.transfer_id = o.id
                   offset 0) v on true
         order by o.place);
    return locked;
end;
$$;

comment on function remit.subjects_read(bigint, remit.admission, remit.locked_wallets) is
    'Reads the holds that requests are about, and what is left of the transfers that they reverse.';
