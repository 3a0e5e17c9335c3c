-- The shapes of the functions' arguments and results. A composite type is a contract:
-- an added attribute breaks running clients.

create type remit_v1.user_request as (
    id        uuid,
    name      text,
    email     text,
    reference text,
    metadata  jsonb
);

create type remit_v1.user_result as (
    id         uuid,
    name       text,
    email      text,
    reference  text,
    metadata   jsonb,
    created_at timestamptz,
    replayed   boolean
);

create type remit_v1.wallet_request as (
    id              uuid,
    user_id         uuid,
    currency        text,
    initial_balance bigint,
    floor           bigint,
    reference       text,
    metadata        jsonb,
    request_id      text
);

create type remit_v1.wallet_result as (
    id             uuid,
    user_id        uuid,
    currency       text,
    balance        bigint,
    held           bigint,
    held_until     timestamptz,
    floor          bigint,
    status         remit_v1.wallet_status,
    version        bigint,
    status_version bigint,
    reference      text,
    metadata       jsonb,
    created_at     timestamptz,
    updated_at     timestamptz,
    replayed       boolean
);

create type remit_v1.transfer_request as (
    id         uuid,
    source_id  uuid,
    target_id  uuid,
    amount     bigint,
    currency   text,
    reference  text,
    metadata   jsonb,
    request_id text
);

-- What transfers_post hands to its steps: the requests, their ids those of the name spaces of their
-- callers. The arrays beside them have an element for each request, or are null where all callers
-- may spend from any wallet.
create type remit.admission as (
    requests   remit_v1.transfer_request[],
    may_spends boolean[], -- Null: the caller is unknown.
    reachables boolean[], -- Whether the caller may use the source.
    are_users  boolean[], -- Whether the caller is bound to a user.
    terms      remit_v1.transfer_terms[], -- Null where no request has any.
    abouts     integer[]  -- The place of the request of the same call that it is about, if there is one.
);

create type remit_v1.transfer_result as (
    id             uuid,
    outcome        remit_v1.transfer_outcome,
    field          text,
    replayed       boolean,
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
    terms          remit_v1.transfer_terms,
    amount_asked   bigint,
    effect         remit_v1.transfer_effect,
    -- What was reversed of it, of which transfer_get alone tells.
    reversed       bigint,
    reversal_ids   uuid[]
);

-- status is what is true now, also before anyone has written that the hold expired.
create type remit_v1.hold_status as enum ('open', 'captured', 'released', 'expired');

create type remit_v1.hold as (
    id          uuid,
    status      remit_v1.hold_status,
    source_id   uuid,
    target_id   uuid,
    currency    text,
    amount      bigint,
    captured    bigint,
    remaining   bigint,
    expires_at  timestamptz,
    reference   text,
    metadata    jsonb,
    created_version bigint,
    version     bigint,
    created_at  timestamptz,
    updated_at  timestamptz
);

create type remit_v1.wallet_holds as (
    wallet remit_v1.wallet_result,
    holds  remit_v1.hold[]
);

-- Minor units. daily_spent counts what left in the last 24 to 25 hours; it is null where there is
-- no daily_max.
create type remit_v1.wallet_limits as (
    transfer_max bigint,
    daily_max    bigint,
    daily_spent  bigint
);

create type remit_v1.entry as (
    transfer_id     uuid,
    version         bigint,
    amount          bigint,
    balance         bigint,
    counterparty_id uuid,
    reference       text,
    created_at      timestamptz,
    kind            remit_v1.transfer_kind,
    held            bigint
);

create type remit_v1.outbox_lag as (
    events    bigint,
    oldest_at timestamptz,
    newest_at timestamptz
);

-- The last number that an event was given, and a transaction: once it and all older ones have
-- ended, no event up to that number comes any more.
create type remit_worker_v1.outbox_mark as (
    last_id bigint,
    xid     bigint
);

create type remit_worker_v1.notification as (
    event_id   uuid,
    channel    text,
    type       text,
    subject_id uuid,
    attempts   integer
);

create type remit_ops_v1.violation as (
    ledger_id bigint,
    rule      text,
    subject   text,
    detail    jsonb
);

create type remit_ops_v1.standstill as (
    events_wait    boolean,
    archive_fails  boolean,
    broker_blocked boolean,
    events_aside   integer
);

create type remit_ops_v1.wallet_balance as (
    wallet_id uuid,
    user_id   uuid,
    balance   bigint,
    version   bigint,
    status    remit_v1.wallet_status
);

create type remit_v1.ledger_result as (
    id         bigint,
    name       text,
    created_at timestamptz
);

-- With the ledger's first key. secret is the key's text, which no caller is told again.
create type remit_v1.ledger_created as (
    id         bigint,
    name       text,
    created_at timestamptz,
    key_id     uuid,
    secret     text
);
