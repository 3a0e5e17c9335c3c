create or replace function remit.entries_verify(ledger_id bigint)
    returns setof remit_ops_v1.violation
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    -- The entries come from two indexes in order, and each wallet by a lookup: whatever the ledger
    -- has, nothing is sorted, and no temporary file is written.
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_sort = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set jit = off
as $$
-- Holds a ledger's entries against each other and against its wallets. A row per violation.
--
-- It goes over the entries once, wallet by wallet and in order of their versions, and remembers the
-- one before.
--
-- Raises: nothing. Locks: nothing.
declare
    ledger constant bigint := entries_verify.ledger_id;
    entry record;
    wallet remit.wallets;
    entry_wallet_id uuid;
    created_before timestamptz;
    place bigint;
    balance numeric;
    held numeric;
    entries_seen bigint := 0::bigint;
begin
    for entry in
        -- Each side in the order of its index, then both merged.
        select e.*
          from ((select t.source_id as wallet_id, t.source_version as version, t.id as transfer_id,
                        case when t.target_version is null then 0 else -coalesce(t.amount, 0) end as amount, t.source_balance as balance,
                        t.currency::text as currency, t.created_at, coalesce((t.effect).source_held, 0) as held,
                        -- What the row before it of the same hold left.
                        (t.effect).hold_remaining - coalesce((
                            select (b.effect).hold_remaining from remit.transfers b
                             where b.ledger_id = ledger and b.source_id = t.source_id
                               and b.source_version = (t.effect).hold_before), 0) as held_change,
                        case when t.terms is distinct from null or t.target_version is null or t.amount is null then t end as told
                   from remit.transfers t
                  where t.ledger_id = ledger and t.source_version is not null
                  order by t.source_id, t.source_version)
                union all
                (select t.target_id, t.target_version, t.id,
                        coalesce(t.amount, 0), t.target_balance, t.currency::text, t.created_at,
                        coalesce((t.effect).target_held, 0), 0::bigint, null::remit.transfers
                   from remit.transfers t
                  where t.ledger_id = ledger and t.target_version is not null
                  order by t.target_id, t.target_version)) e
         order by e.wallet_id, e.version
    loop
        if entry.wallet_id is distinct from entry_wallet_id then
            return query select v.* from remit.wallet_verify(wallet, place, balance, held) v;
            entry_wallet_id := entry.wallet_id;
            place := 0;
            balance := 0;
            held := 0;
            created_before := null;
            select w.* into wallet from remit.wallets w where w.ledger_id = ledger and w.id = entry_wallet_id;
        end if;
        place := place + 1;
        balance := balance + entry.amount;
        held := held + coalesce(entry.held_change, 0);
        if entry.version <> place then
            return next (ledger, 'versions_are_dense', 'wallet ' || entry_wallet_id,
                jsonb_build_object('transfer_id', entry.transfer_id, 'version', entry.version, 'expected', place))::remit_ops_v1.violation;
        end if;
        if entry.balance <> balance then
            return next (ledger, 'entry_balance_is_sum_of_entries', 'wallet ' || entry_wallet_id,
                jsonb_build_object('transfer_id', entry.transfer_id, 'version', entry.version,
                                   'balance', entry.balance, 'expected', balance))::remit_ops_v1.violation;
        end if;
        if entry.held <> held then
            return next (ledger, 'held_is_sum_of_open_holds', 'wallet ' || entry_wallet_id,
                jsonb_build_object('transfer_id', entry.transfer_id, 'version', entry.version,
                                   'held', entry.held, 'expected', held))::remit_ops_v1.violation;
        end if;
        if entry.told is distinct from null then
            return query select v.* from remit.terms_verify(entry.told) v;
        end if;
        if entry.created_at < created_before then
            return next (ledger, 'entries_never_go_back_in_time', 'wallet ' || entry_wallet_id,
                jsonb_build_object('transfer_id', entry.transfer_id, 'version', entry.version,
                                   'created_at', remit.moment_text(entry.created_at),
                                   'before', remit.moment_text(created_before)))::remit_ops_v1.violation;
        end if;
        if entry.currency is distinct from wallet.currency then
            return next (ledger, 'entry_belongs_to_a_wallet_of_its_currency', 'wallet ' || entry_wallet_id,
                jsonb_build_object('transfer_id', entry.transfer_id, 'currency', entry.currency,
                                   'wallet_currency', wallet.currency))::remit_ops_v1.violation;
        end if;
        created_before := entry.created_at;
        entries_seen := entries_seen + 1;
        if entries_seen % 500000 = 0 then
            perform remit.progress_tell(ledger, entries_seen || ' entries held against each other');
        end if;
    end loop;
    return query select v.* from remit.wallet_verify(wallet, place, balance, held) v;

    -- Wallets that have no entry.
    return query
    select v.*
      from remit.wallets w
     cross join lateral remit.wallet_verify(w, 0, 0, 0) v
     where w.ledger_id = ledger
       -- A lookup for each: what may be joined is.
       and (select true from remit.transfers t
             where t.ledger_id = ledger and t.source_id = w.id and t.source_version is not null limit 1) is null
       and (select true from remit.transfers t
             where t.ledger_id = ledger and t.target_id = w.id and t.target_version is not null limit 1) is null;
end;
$$;

comment on function remit.entries_verify(bigint) is
    'Holds a ledger''s entries against each other and against its wallets. A row per violation.';
