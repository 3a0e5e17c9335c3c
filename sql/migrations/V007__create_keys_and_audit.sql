-- Who may do what, and who did it. An API key is shown once, when it is made; the table holds its
-- SHA-256 only, which is enough to recognise it and useless to a reader of the table.

create type remit_v1.key_scope as enum (
    'user',    -- Sees one user's wallets and spends from them.
    'reader',  -- Sees the ledger.
    'service', -- Also creates users and wallets, and makes transfers.
    'admin'    -- Also manages keys, ledgers, freezes and limits.
);

create table remit.keys (
    ledger_id  bigint not null references remit.ledgers,
    id         uuid not null default gen_random_uuid(),
    name       text not null,
    scope      remit_v1.key_scope not null,
    user_id    uuid,
    sha256     bytea not null,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz,
    revoked_at timestamptz,
    primary key (ledger_id, id),
    unique (ledger_id, sha256),
    foreign key (ledger_id, user_id) references remit.users,
    constraint name_is_short check (length(name) between 1 and 200),
    constraint sha256_has_32_bytes check (octet_length(sha256) = 32),
    constraint expires_at_is_a_date_of_rfc_3339 check (expires_at < '9999-01-01 00:00+00'),
    constraint user_keys_name_their_user check ((scope = 'user') = (user_id is not null))
);

create index keys_in_order on remit.keys (ledger_id, created_at, id);

-- When the last key of a ledger was made. Who makes one locks the ledger's row here, which nothing
-- else does: neither another ledger's keys nor the relay, which locks ledgers, wait for it.
create table remit.key_moments (
    ledger_id  bigint not null references remit.ledgers,
    created_at timestamptz not null,
    primary key (ledger_id)
);

-- The keys that count now.
create view remit.valid_keys as
    select k.ledger_id, k.sha256, k.id, k.scope, k.user_id, k.expires_at
      from remit.keys k
     where k.revoked_at is null
       and (k.expires_at is null or k.expires_at > clock_timestamp());

-- Who calls a function. key_id is null for a session that needs no key; user_id for one that is not
-- bound to a user.
create type remit_v1.caller as (
    ledger_id  bigint,
    key_sha256 bytea,
    key_id     uuid,
    scope      remit_v1.key_scope,
    user_id    uuid,
    expires_at timestamptz
);

-- What a caller needs for what it asks.
create type remit.permission as enum ('read', 'observe', 'spend', 'serve', 'administer');

create type remit_v1.key_request as (
    name       text,
    scope      remit_v1.key_scope,
    user_id    uuid,
    expires_at timestamptz
);

create type remit_v1.key_result as (
    id         uuid,
    name       text,
    scope      remit_v1.key_scope,
    user_id    uuid,
    created_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz
);

-- secret is the key's text, which no caller is told again.
create type remit_v1.key_created as (
    id         uuid,
    name       text,
    scope      remit_v1.key_scope,
    user_id    uuid,
    created_at timestamptz,
    expires_at timestamptz,
    secret     text
);

-- What operators did: a row in the transaction of the action itself, which no role can change.
create table remit.audit (
    ledger_id        bigint not null,
    id               bigint generated always as identity,
    at               timestamptz not null,
    action           text not null,
    actor            text not null,
    application_name text not null,
    key_id           uuid,
    subject_ids      uuid[] not null,
    reason           text,
    detail           jsonb not null,
    primary key (ledger_id, id),
    constraint texts_are_short check (
        octet_length(action) <= 64 and octet_length(actor) <= 63 and octet_length(application_name) <= 63),
    constraint reason_is_short check (length(reason) between 1 and 200),
    constraint subjects_are_few check (cardinality(subject_ids) <= 1000),
    constraint detail_is_small check (pg_column_size(detail) <= 8192)
);

create view remit.audit_log as
    select a.ledger_id, a.id, a.at, a.action, a.actor, a.application_name, a.key_id, a.subject_ids, a.reason, a.detail
      from remit.audit a;

comment on view remit.audit_log is
    'What operators did, through psql (actor is the login) or over HTTP (key_id is the key): when, to what, and why.';
