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

-- A rule of the column's domain, which costs less than one of the table.
create domain remit.exact_amount as bigint
    constraint amount_is_positive_and_exact_in_json check (value between 1 and 9007199254740991);

create domain remit.currency_code as text
    constraint currency_has_three_letters check (octet_length(value) = 3);
-- transfers_draft has looked at the content. To do so again would cost each row 3 µs.
create domain remit.small_metadata as jsonb
    constraint metadata_is_small check (pg_column_size(value) <= 8192);

-- No foreign keys to wallets: two lookups and two row locks on every row of the hottest insert
-- would re-check what the one writer, remit_v1.transfers_post, has locked. verify() checks it.
create table remit.transfers (
    ledger_id      bigint not null,
    id             uuid not null,
    outcome        remit_v1.transfer_outcome not null,
    source_id      uuid not null,
    target_id      uuid not null,
    amount         remit.exact_amount not null,
    currency       remit.currency_code not null,
    source_version bigint,
    source_balance bigint,
    target_version bigint,
    target_balance bigint,
    reference      remit.short_reference,
    metadata       remit.small_metadata not null,
    request_id     remit.short_request_id,
    created_at     timestamptz not null,
    primary key (ledger_id, id),
    constraint wallets_differ check (source_id <> target_id),
    -- What is never stored, rather than what is: an outcome that is added later is stored unless
    -- this says otherwise. remit.outcome_is_stored says the same, and a test holds the two against
    -- each other.
    -- One array as a literal: each statement that writes a row reads the rules of the table anew.
    constraint outcome_is_posted_or_rejected check (outcome <> all (
        '{wallet_not_found,same_wallet,invalid_field,idempotency_key_reused,wallet_busy,unauthenticated,forbidden}'
        ::remit_v1.transfer_outcome[])),
    constraint posted_means_versions_and_balances check (
        num_nulls(source_version, source_balance, target_version, target_balance)
        = case outcome when 'posted' then 0 else 4 end
    )
);

-- Not partial: a condition would be planned by each statement and tried for each row, to spare the
-- few that are rejected.
create unique index one_source_entry_per_version on remit.transfers (ledger_id, source_id, source_version);
create unique index one_target_entry_per_version on remit.transfers (ledger_id, target_id, target_version);

create view remit.entries as
    select t.ledger_id, t.source_id as wallet_id, t.source_version as version, t.id as transfer_id,
           -t.amount as amount, t.source_balance as balance, t.target_id as counterparty_id,
           t.currency::text, t.reference::text, t.created_at
      from remit.transfers t
     where t.source_version is not null
    union all
    select t.ledger_id, t.target_id, t.target_version, t.id,
           t.amount, t.target_balance, t.source_id,
           t.currency::text, t.reference::text, t.created_at
      from remit.transfers t
     where t.target_version is not null;

comment on view remit.entries is
    'Every posted transfer as its two entries. amount is signed: what the entry did to the wallet.';

-- What the steps of transfers_post hand to each other.

-- What a caller may do: may_spend is null for one that is unknown. A user_id binds it to the
-- wallets of this user.
create type remit.spender as (
    may_spend boolean,
    user_id   uuid
);

-- What no transfer changes of a wallet that is locked; version is that before the call.
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

-- The arrays have an element for each wallet that is locked, in order of id.
create type remit.locked_wallets as (
    moment   timestamptz,
    wallets  remit.locked_wallet[],
    ids      uuid[],
    balances bigint[],
    versions bigint[],
    spents   bigint[] -- What counts against the daily limit. Null where no wallet has a limit.
);

-- What is to become of a request. source and target are the places of the wallets among those that
-- are locked; stored is what the journal already has.
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

-- balances and versions are those of the locked wallets after all that was decided.
create type remit.decision as (
    drafts   remit.transfer_draft[],
    balances bigint[],
    versions bigint[]
);
