-- The journal. One row names source, target and amount, so a transfer cannot be unbalanced.
-- The row's id is the caller's idempotency key, so the primary key is the idempotency record.
-- A rejected transfer is a row too: a retry must hear the same answer.

create type remit_v1.transfer_outcome as enum (
    'posted',
    -- Stored, and replayed for ever:
    'insufficient_funds', 'wallet_frozen', 'currency_mismatch', 'limit_exceeded', 'balance_limit_exceeded',
    -- Never stored:
    'wallet_not_found', 'same_wallet', 'invalid_field', 'idempotency_key_reused', 'wallet_busy',
    'unauthenticated', 'forbidden'
);

-- No foreign keys to wallets: two lookups and two row locks on every row of the hottest insert
-- would re-check what the one writer, remit_v1.transfers_post, has locked. verify() checks it.
create table remit.transfers (
    ledger_id      bigint not null,
    id             uuid not null,
    outcome        remit_v1.transfer_outcome not null,
    source_id      uuid not null,
    target_id      uuid not null,
    amount         bigint not null,
    currency       text not null,
    source_version bigint,
    source_balance bigint,
    target_version bigint,
    target_balance bigint,
    reference      text,
    metadata       jsonb not null,
    request_id     text,
    created_at     timestamptz not null,
    primary key (ledger_id, id),
    constraint amount_is_positive_and_exact_in_json check (amount between 1 and 9007199254740991),
    constraint wallets_differ check (source_id <> target_id),
    constraint outcome_is_posted_or_rejected check (outcome <= 'balance_limit_exceeded'),
    constraint posted_means_versions_and_balances check (
        num_nulls(source_version, source_balance, target_version, target_balance)
        = case outcome when 'posted' then 0 else 4 end
    )
);

-- Not partial: a condition would be planned by each statement and tried for each row, to spare the few that are rejected.
create unique index one_source_entry_per_version on remit.transfers (ledger_id, source_id, source_version);
create unique index one_target_entry_per_version on remit.transfers (ledger_id, target_id, target_version);

create view remit.entries as
    select t.ledger_id, t.source_id as wallet_id, t.source_version as version, t.id as transfer_id,
           -t.amount as amount, t.source_balance as balance, t.target_id as counterparty_id,
           t.currency, t.reference, t.created_at
      from remit.transfers t
     where t.source_version is not null
    union all
    select t.ledger_id, t.target_id, t.target_version, t.id,
           t.amount, t.target_balance, t.source_id,
           t.currency, t.reference, t.created_at
      from remit.transfers t
     where t.target_version is not null;

comment on view remit.entries is
    'Every posted transfer as its two entries. amount is signed: what the entry did to the wallet.';

grant select on remit.entries to remit_auditor;

-- What transfers_post works with: what a caller may do, a wallet that it has locked, and what is to become of a request.
-- may_spend is null for a caller that nobody knows; a user_id binds him to the wallets of this user.
create type remit.spender as (
    may_spend boolean,
    user_id   uuid
);

create type remit.locked_wallet as (
    ctid         tid,
    id           uuid,
    currency     text,
    floor        bigint, -- With what is held on top.
    version      bigint,
    is_frozen    boolean,
    transfer_max bigint,
    daily_max    bigint
);

-- source and target are the places of the wallets among those that are locked; stored is what the journal already has.
create type remit.transfer_draft as (
    outcome        remit_v1.transfer_outcome,
    field          text,
    replayed       boolean,
    id             uuid,
    source_id      uuid,
    target_id      uuid,
    amount         bigint,
    currency       text,
    source_version bigint,
    source_balance bigint,
    target_version bigint,
    target_balance bigint,
    reference      text,
    metadata       jsonb,
    request_id     text,
    created_at     timestamptz,
    source         integer,
    target         integer,
    stored         remit.transfers
);
