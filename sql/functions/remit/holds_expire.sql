create or replace function remit.holds_expire(ledger_id bigint, locked remit.locked_wallets)
    returns remit.locked_wallets
    language plpgsql
    stable
as $$
-- Lets the holds of locked wallets expire whose time has come, in memory: a part of wallets_lock.
-- transfers_store writes what it did, with whatever else the call did.
--
-- At most 1,000 holds a call. A wallet that has more looks as if another session held it, and its
-- requests are answered wallet_busy: the next call goes on.
--
-- Raises: nothing. Locks: nothing.
declare
    expiries_max constant integer := 1000;
    -- Variables of their own: an element of an attribute would be searched for from the first one
    -- on.
    balances constant bigint[] := locked.balances;
    wallets remit.locked_wallet[] := locked.wallets;
    spents bigint[] := locked.spents;
    versions bigint[] := locked.versions;
    helds bigint[] := locked.helds;
    held_untils timestamptz[] := locked.held_untils;
    drafts remit.transfer_draft[];
    holds remit.holds[];
    hold remit.holds;
    remaining bigint;
    due record;
begin
    for due in
        select l.place::integer as place, (x.hold).*
          from unnest(wallets) with ordinality
               as l (ctid, id, currency, floor, version, is_frozen, transfer_max, daily_max, held, held_until, place)
               cross join lateral (
                   select h as hold from remit.holds h
                    where h.ledger_id = holds_expire.ledger_id and h.source_id = l.id and h.is_open
                      and h.expires_at <= locked.moment
                    order by h.expires_at, h.id
                    limit expiries_max) x
         where l.held_until <= locked.moment
         order by l.place, (x.hold).expires_at, (x.hold).id
         limit expiries_max
    loop
        select due.ledger_id, due.id, due.source_id, due.target_id, due.currency, due.amount, due.captured, false,
               due.expires_at, 'expiry'::remit_v1.transfer_kind, due.reference, due.metadata, due.created_version,
               versions[due.place] + 1, due.created_at, locked.moment
          into hold;
        remaining := due.amount - due.captured;
        versions[due.place] := hold.version;
        helds[due.place] := helds[due.place] - remaining;
        wallets[due.place].floor := wallets[due.place].floor - remaining;
        if spents is not null then
            spents[due.place] := spents[due.place] - remaining;
        end if;
        held_untils[due.place] := (
            select x.expires_at from remit.holds x
             where x.ledger_id = holds_expire.ledger_id and x.source_id = due.source_id and x.is_open
               and (x.expires_at, x.id) > (due.expires_at, due.id)
             order by x.expires_at, x.id
             limit 1);
        drafts := drafts || (
            'posted', null, false, remit.expiry_id(due.id), due.source_id, null, remaining, due.currency,
            hold.version, balances[due.place], null, null, null, '{}', null, locked.moment, due.place, null, null,
            ('expiry', due.id, null, null, null, due.expires_at, null, null, null, null, null, null, null
            )::remit_v1.transfer_terms,
            remaining,
            (nullif(helds[due.place], 0), held_untils[due.place], null, null,
             due.amount, due.captured, 0, due.expires_at, due.version)::remit_v1.transfer_effect,
            0, -remaining, -remaining, hold
        )::remit.transfer_draft;
        holds := holds || hold;
    end loop;

    for place in 1 .. cardinality(wallets) loop
        if held_untils[place] <= locked.moment then
            wallets[place].id := null;
        end if;
    end loop;

    locked.wallets := wallets;
    locked.versions := versions;
    locked.spents := spents;
    locked.helds := helds;
    locked.held_untils := held_untils;
    locked.expired := drafts;
    locked.holds := holds;
    locked.hold_ids := array(select h.id from unnest(holds) h);
    return locked;
end;
$$;

comment on function remit.holds_expire(bigint, remit.locked_wallets) is
    'Lets the holds of locked wallets expire whose time has come, in memory.';
