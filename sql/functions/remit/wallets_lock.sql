create or replace function remit.wallets_lock(ledger_id bigint, admitted remit.admission)
    returns remit.locked_wallets
    language plpgsql
    volatile
as $$
-- Locks the wallets that the requests name, but for those that another session holds: a step of
-- transfers_post, under whose settings it runs.
--
-- The moment of the call is taken under the locks, and is not before the last change of any of
-- these wallets: a wallet's entries never go back in time, also when the clock does.
--
-- The source's lock is the lock of all its holds. Those whose time has come have expired before
-- anything is decided. What is held counts as spent.
--
-- Raises: nothing. Locks: the wallets, for no key update, in order of id and without waiting.
declare
    -- Of a source that its caller may not use, no wallet is looked at.
    reachables constant boolean[] := admitted.reachables;
    locked remit.locked_wallets;
    are_limited boolean;
    have_holds boolean;
    clock timestamptz;
begin
    select array_agg((w.ctid, w.id, w.currency, w.floor + w.held, w.version, w.status = 'frozen', w.transfer_max, w.daily_max,
                      w.held, w.held_until)::remit.locked_wallet),
           array_agg(w.id), array_agg(w.balance), array_agg(w.version), max(w.updated_at),
           bool_or(w.transfer_max is not null or w.daily_max is not null), bool_or(w.held > 0)
      into locked.wallets, locked.ids, locked.balances, locked.versions, locked.moment,
           are_limited, have_holds
      from (select u.id
              from unnest(admitted.requests) with ordinality as r
                   cross join lateral (values (r.source_id), (r.target_id)) as u (id)
             where reachables[r.ordinality] is not false
             group by u.id
             order by u.id) i
           -- One lookup for each, in this order: also by a plan that was made for an empty table.
           cross join lateral (
               select l.ctid, l.id, l.currency, l.balance::bigint, l.floor::bigint, l.version::bigint, l.status, l.transfer_max,
                      l.daily_max, l.updated_at, l.held::bigint, l.held_until
                 from remit.wallets l
                where l.ledger_id = wallets_lock.ledger_id and l.id = i.id
                  for no key update skip locked) w;
    clock := clock_timestamp();
    locked.moment := greatest(clock, locked.moment);
    if not (are_limited or have_holds or admitted.terms is not null) then
        return locked;
    end if;
    if are_limited then -- After the locks: what a call before this one spent has been committed.
        locked.spents := array(
            select case when w.daily_max is not null
                        then remit.wallet_spent(wallets_lock.ledger_id, w.id, clock) + w.held end
              from unnest(locked.wallets) w);
    end if;
    if have_holds or admitted.terms is not null then
        locked.helds := array(select w.held from unnest(locked.wallets) w);
        locked.held_untils := array(select w.held_until from unnest(locked.wallets) w);
        if (select min(u) from unnest(locked.held_untils) u) <= locked.moment then
            locked := remit.holds_expire(wallets_lock.ledger_id, locked);
        end if;
        if admitted.terms is not null then
            locked := remit.subjects_read(wallets_lock.ledger_id, admitted, locked);
        end if;
    end if;
    return locked;
end;
$$;

comment on function remit.wallets_lock(bigint, remit.admission) is
    'Locks the wallets that requests name, but for those that another session holds.';
