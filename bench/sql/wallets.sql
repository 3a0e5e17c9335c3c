-- Makes wallets for both sides, many at once.
--
--   -- numbers 1 to 10000 that are missing, each with this balance
--   select bench.remit_wallets_make(10000, 1000000);
--   select bench.textbook_wallets_make(10000, 1000000);    -- after textbook.sql
--
-- A wallet's id is the MD5 of its number in decimal digits, as a UUID: in SQL bench.wallet_id(7) or
-- md5('7')::uuid, in Rust Uuid::from_bytes(Md5::digest(b"7").into()). It looks random, and both
-- sides can tell it from the number.
--
-- Remit's initial balances are transfers from the issuance wallet, as wallet_create makes them.
-- They are chained in blocks and leave no events: verify() finds nothing, and the outbox stays
-- empty. Nobody else may use ledger 1 meanwhile.

create schema if not exists bench;

create or replace function bench.wallet_id(number bigint)
    returns uuid
    language sql
    immutable
    strict
    parallel safe
as $$
    select md5(number::text)::uuid;
$$;

-- Chains journal rows in order, so many in a block.
create or replace function bench.transfers_chain(transfer_ids uuid[], block_size integer default 500)
    returns void
    language plpgsql
    set enable_nestloop = on -- Which journal_fill has switched off for itself.
    set jit = off
as $$
declare
    block uuid[];
begin
    for block in
        select array_agg(t.id order by t.place)
          from unnest(transfer_ids) with ordinality as t (id, place)
         group by (t.place - 1) / block_size
         order by (t.place - 1) / block_size
    loop
        perform remit.chain_append(1, block);
    end loop;
end;
$$;

create or replace function bench.remit_wallets_make(wallet_count bigint, initial_balance bigint)
    returns bigint
    language plpgsql
    set session_replication_role = replica -- The foreign keys hold without a check of each row.
as $$
-- Returns how many were made.
declare
    owner_id constant uuid := md5('user')::uuid;
    issuance_id constant uuid := remit.issuance_wallet_id(1, 'USD');
    issuance remit.wallets;
    new_ids uuid[];
    transfer_ids uuid[];
begin
    insert into remit.users (ledger_id, id, name) values (1, owner_id, 'bench') on conflict do nothing;

    with made as (
        insert into remit.wallets (ledger_id, id, user_id, currency, balance, floor, version)
        select 1, bench.wallet_id(number), owner_id, 'USD', remit_wallets_make.initial_balance, 0,
               (remit_wallets_make.initial_balance > 0)::integer
          from generate_series(1, wallet_count) as number
        on conflict do nothing
        returning id
    )
    select array_agg(id) into new_ids from made;
    if new_ids is null or remit_wallets_make.initial_balance = 0 then
        return coalesce(cardinality(new_ids), 0);
    end if;

    update remit.wallets w
       set balance = w.balance - cardinality(new_ids) * remit_wallets_make.initial_balance,
           version = w.version + cardinality(new_ids)
     where w.ledger_id = 1 and w.id = issuance_id
    returning w.* into issuance;
    transfer_ids := array(
        select remit.initial_transfer_id(n.id) from unnest(new_ids) with ordinality as n (id, place) order by n.place);
    insert into remit.transfers (
           ledger_id, id, outcome, source_id, target_id, amount, currency,
           source_version, source_balance, target_version, target_balance, metadata, created_at)
    select 1, n.transfer_id, 'posted', issuance_id, n.id, remit_wallets_make.initial_balance, 'USD',
           issuance.version - cardinality(new_ids) + n.place,
           issuance.balance + (cardinality(new_ids) - n.place) * remit_wallets_make.initial_balance,
           1, remit_wallets_make.initial_balance, '{}', now()
      from unnest(new_ids, transfer_ids) with ordinality as n (id, transfer_id, place)
     order by n.place;
    perform bench.transfers_chain(transfer_ids);
    return cardinality(new_ids);
end;
$$;

create or replace function bench.textbook_wallets_make(wallet_count bigint, initial_balance bigint)
    returns bigint
    language plpgsql
as $$
-- Returns how many were made.
declare
    made bigint;
begin
    insert into textbook.wallets (id, balance)
    select bench.wallet_id(number), textbook_wallets_make.initial_balance
      from generate_series(1, wallet_count) as number
    on conflict do nothing;
    get diagnostics made = row_count;
    return made;
end;
$$;
