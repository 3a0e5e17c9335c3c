create or replace function remit.wallet_verify(wallet remit.wallets, entry_count bigint, entry_sum numeric, held_sum numeric)
    returns setof remit_ops_v1.violation
    language sql
    immutable
    set search_path = pg_catalog, pg_temp
as $$
-- Holds a wallet's row against the number and the sum of its entries, what they left held, and its
-- floor. No wallet, no violation.
--
-- The floor is that of now: what it was when an older entry was made is written nowhere.
--
-- Raises: nothing. Locks: nothing.
    select (wallet).ledger_id, 'wallet_matches_its_last_entry', 'wallet ' || (wallet).id,
           jsonb_build_object('balance', (wallet).balance, 'version', (wallet).version,
                              'held', (wallet).held, 'expected_balance', entry_sum, 'expected_version', entry_count,
                              'expected_held', held_sum)
     where (wallet).version <> entry_count or (wallet).balance <> entry_sum or (wallet).held <> held_sum
    union all
    select (wallet).ledger_id, 'balance_not_below_floor', 'wallet ' || (wallet).id,
           jsonb_build_object('balance', (wallet).balance, 'held', (wallet).held, 'floor', (wallet).floor)
     where (wallet).balance - (wallet).held < (wallet).floor;
$$;

comment on function remit.wallet_verify(remit.wallets, bigint, numeric, numeric) is
    'Holds a wallet''s row against the number and the sum of its entries, what they left held, and its floor.';
