-- The journal. One row names source, target and amount, so a transfer cannot be unbalanced.
-- The row's id is the caller's idempotency key, so the primary key is the idempotency record.
-- A rejected transfer is a row too: a retry must hear the same answer. What is done to a hold is a
-- row as well, so that one id, one core and one order of versions serve all that money does.

create type remit_v1.transfer_outcome as enum (
    'posted',
    -- Stored, and replayed for ever:
    'insufficient_funds', 'wallet_frozen', 'currency_mismatch', 'limit_exceeded', 'balance_limit_exceeded',
    'hold_closed', 'hold_exceeded', 'not_reversible', 'reversal_exceeded', 'condition_failed', 'group_refused',
    -- Never stored:
    'wallet_not_found', 'hold_not_found', 'transfer_not_found', 'same_wallet', 'invalid_field',
    'idempotency_key_reused', 'wallet_busy', 'unauthenticated', 'forbidden'
);

-- What a row of the journal is. Null: a transfer.
create type remit_v1.transfer_kind as enum ('hold', 'capture', 'adjustment', 'release', 'expiry', 'reversal');

-- What is asked for beyond source, target and amount. Each attribute may be null.
create type remit_v1.transfer_terms as (
    kind               remit_v1.transfer_kind,
    subject_id         uuid,        -- The hold, or the transfer that is reversed.
    is_final           boolean,     -- Of a capture: the rest is released. Null is true.
    may_exceed         boolean,     -- Of a capture: it may take more than remains.
    at_most            boolean,     -- It takes what is there, where that is less than the amount.
    expires_at         timestamptz, -- Of a hold; or expires_in, in seconds.
    expires_in         integer,
    group_id           uuid,        -- All legs of the group are posted, or none is.
    group_place        integer,     -- 1, 2, 3 … of group_size.
    group_size         integer,
    source_version     bigint,      -- Conditions: it is refused unless they are met.
    source_balance_min bigint,
    target_balance_max bigint
);

-- What is held after a row, at the versions that the row gives its wallets; null while nothing is.
-- A held_until is when the first open hold of the wallet ends. The rest is of the hold that the row
-- is about: what was authorised, captured, and what remains, which is 0 once the hold is closed.
create type remit_v1.transfer_effect as (
    source_held       bigint,
    source_held_until timestamptz,
    target_held       bigint,
    target_held_until timestamptz,
    hold_amount       bigint,
    hold_captured     bigint,
    hold_remaining    bigint,
    hold_expires_at   timestamptz,
    hold_before       bigint -- The source's version of the hold's row before this one.
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
    target_id      uuid,
    amount         remit.exact_amount,
    currency       remit.currency_code not null,
    source_version bigint,
    source_balance bigint,
    target_version bigint,
    target_balance bigint,
    reference      remit.short_reference,
    metadata       remit.small_metadata not null,
    request_id     remit.short_request_id,
    created_at     timestamptz not null,
    terms          remit_v1.transfer_terms,
    amount_asked   bigint, -- With terms; null is all that there is.
    effect         remit_v1.transfer_effect,
    constraint wallets_differ check (source_id <> target_id),
    -- What is never stored, rather than what is: an outcome that is added later is stored unless
    -- this says otherwise. remit.outcome_is_stored says the same, and a test holds the two against
    -- each other.
    -- One array as a literal: each statement that writes a row reads the rules of the table anew.
    constraint outcome_is_posted_or_rejected check (outcome <> all (
        '{wallet_not_found,hold_not_found,transfer_not_found,same_wallet,invalid_field,idempotency_key_reused,wallet_busy,unauthenticated,forbidden}'
        ::remit_v1.transfer_outcome[])),
    -- What changes a hold alone has no target's version. verify says whether a row may lack it: a
    -- longer rule would cost each statement that writes a row.
    constraint posted_means_versions_and_balances check (
        num_nulls(source_version, source_balance, target_version, target_balance)
        = case when outcome <> 'posted' then 4 when target_version is null then 2 else 0 end
    )
);

-- Not partial: a condition would be planned by each statement and tried for each row, to spare the
-- few that are rejected.
create unique index one_source_entry_per_version on remit.transfers (ledger_id, source_id, source_version);
create unique index one_target_entry_per_version on remit.transfers (ledger_id, target_id, target_version);
alter table remit.transfers add primary key (ledger_id, id); -- Last, as of wallets.

create view remit.entries as
    select t.ledger_id, t.source_id as wallet_id, t.source_version as version, t.id as transfer_id,
           case when t.target_version is null then 0 else -t.amount end as amount, t.source_balance as balance,
           t.target_id as counterparty_id, t.currency::text, t.reference::text, t.created_at,
           (t.terms).kind, coalesce((t.effect).source_held, 0) as held
      from remit.transfers t
     where t.source_version is not null
    union all
    select t.ledger_id, t.target_id, t.target_version, t.id,
           t.amount, t.target_balance, t.source_id,
           t.currency::text, t.reference::text, t.created_at,
           (t.terms).kind, coalesce((t.effect).target_held, 0)
      from remit.transfers t
     where t.target_version is not null;

comment on view remit.entries is
    'Every posted transfer as its two entries. amount is signed: what the entry did to the balance. What changes a hold alone is one entry, of 0.';

-- What is true of a hold now. It follows from the journal, and verify proves it.
create table remit.holds (
    ledger_id       bigint not null,
    id              uuid not null,
    source_id       uuid not null,
    target_id       uuid,
    currency        remit.currency_code not null,
    amount          remit.exact_amount not null,
    captured        remit.natural_number not null default 0,
    is_open         boolean not null default true,
    expires_at      timestamptz,
    closed_by       remit_v1.transfer_kind,
    reference       remit.short_reference,
    metadata        remit.small_metadata not null,
    created_version bigint not null, -- The source's version that authorised it,
    version         bigint not null, -- and that of its last change.
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    constraint closed_by_something check (is_open = (closed_by is null))
) with (fillfactor = 70);

create unique index holds_of_wallet on remit.holds (ledger_id, source_id, created_version);
create index open_holds_of_wallet on remit.holds (ledger_id, source_id, created_version) where is_open;
create index open_holds_by_expiry on remit.holds (ledger_id, source_id, expires_at, id) where is_open;
create index open_holds_in_order on remit.holds (expires_at) where is_open;
alter table remit.holds add primary key (ledger_id, id); -- Last, as of wallets.

-- How much of a transfer was reversed, and by what. It follows from the journal, and verify proves
-- it.
create table remit.reversed_transfers (
    ledger_id    bigint not null,
    transfer_id  uuid not null,
    amount       remit.exact_amount not null,
    reversal_ids uuid[] not null,
    primary key (ledger_id, transfer_id),
    constraint reversals_are_bounded check (cardinality(reversal_ids) between 1 and 1000)
);

-- What the steps of transfers_post hand to each other.

-- What is left of a transfer to reverse; null where it is none that can be.
create type remit.reversible as (
    left_amount bigint,
    reversals   integer
);

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
    daily_max    bigint,
    held         bigint,
    held_until   timestamptz
);

-- What is to become of a request. source and target are the places of the wallets among those that
-- are locked; stored is what the journal already has. moved is what leaves the source, exposed by
-- how much less is available then, and counted what counts against its limits: for a transfer, each
-- is the amount. hold is the hold that it is about, as it is to be.
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
    stored         remit.transfers,
    terms          remit_v1.transfer_terms,
    amount_asked   bigint,
    effect         remit_v1.transfer_effect,
    moved          bigint,
    exposed        bigint,
    counted        bigint,
    hold           remit.holds
);

-- What a call has locked, and changes: it goes from step to step. The first arrays have an element
-- for each wallet that is locked, in order of id.
create type remit.locked_wallets as (
    moment      timestamptz,
    wallets     remit.locked_wallet[],
    ids         uuid[],
    balances    bigint[],
    versions    bigint[],
    spents      bigint[], -- What counts against the daily limit. Null where no wallet has a limit.
    helds       bigint[], -- Null where nothing is held and no request has terms.
    held_untils timestamptz[],
    hold_ids    uuid[],   -- The holds that requests name or that have expired, and their state.
    holds       remit.holds[],
    firsts      integer[], -- The place of a wallet's first one to end; those that end later stand before it.
    others_untils timestamptz[], -- When the first open hold ends that is not among them.
    original_ids uuid[],  -- The transfers that requests reverse, and what is left of them.
    originals   remit.reversible[],
    expired     remit.transfer_draft[] -- The expiries of holds whose time has come.
);

-- What was decided. The arrays beside the drafts are those of locked_wallets after it; the last two
-- are null where nothing is held and no request has terms.
create type remit.decision as (
    drafts      remit.transfer_draft[],
    balances    bigint[],
    versions    bigint[],
    helds       bigint[],
    held_untils timestamptz[]
);
