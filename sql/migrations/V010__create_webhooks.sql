-- A webhook is an endpoint of a client's to which events are posted. It is a cursor over its
-- ledger's log, not a queue of copies: nothing is lost when it is off for a month, and one that is
-- idle costs nothing. What failed while others went on is beside the cursor, in a table of its own.

-- The database has no secret. One is derived from a master secret that server and worker have, from
-- the ledger, the id and the generation; a rotation is a new generation.

create type remit_v1.webhook_status as enum ('enabled', 'disabled');

-- What became of an attempt. Neither the answer's body nor an address is ever kept.
create type remit_v1.webhook_outcome as enum (
    'delivered',         -- The status is 2xx.
    'refused',           -- It is another one.
    'redirected',        -- It is 3xx, which is not followed.
    'timed_out',         -- There was no answer in time.
    'unresolved',        -- The name has no address.
    'address_forbidden', -- It has none that may be reached.
    'insecure',          -- The URL is of http, which the worker was not allowed.
    'unreachable',       -- No connection opened.
    'tls_failed',        -- It has no valid certificate for its name.
    'broken'             -- What came was no answer of HTTP.
);

create domain remit.webhook_url as text
    constraint url_is_http_without_userinfo check (
        octet_length(value) <= 2048
        and value ~ '^https?://([0-9A-Za-z._-]+|[[][0-9A-Fa-f:.]+[]])(:[0-9]{1,5})?([/?][!"$-~]*)?$');
create domain remit.webhook_types as remit_v1.event_type[]
    constraint types_are_few check (cardinality(value) between 1 and 100 and array_position(value, null) is null);

create table remit.webhooks (
    ledger_id       bigint not null references remit.ledgers,
    id              uuid not null default gen_random_uuid(),
    -- So that there are 20 at most.
    place           smallint not null,
    url             remit.webhook_url not null,
    types           remit.webhook_types, -- Null: all.
    description     text,
    salt            bytea not null default uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), -- Of the hash in its events.
    status          remit_v1.webhook_status not null default 'enabled',
    generation      integer not null default 1,
    previous_until  timestamptz, -- The secret of the generation before signs, too, until then.
    -- Counts what the worker must hear of before it goes on.
    revision        bigint not null default 1,
    -- A part of the past that is sent again: what comes after replay_position, up to replay_to.
    replay_position bigint,
    replay_to       bigint,
    replay_types    remit.webhook_types,
    succeeded_at    timestamptz,
    failing_since   timestamptz, -- The first failure after the last success.
    -- The last attempt.
    attempted_at    timestamptz,
    outcome         remit_v1.webhook_outcome,
    answer_status   integer,
    -- The ping that is to be sent, and what became of the last one.
    ping_id         uuid,
    pinged_at       timestamptz,
    ping_outcome    remit_v1.webhook_outcome,
    ping_status     integer,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    primary key (ledger_id, id),
    constraint one_webhook_per_place unique (ledger_id, place),
    constraint webhooks_are_few check (place between 1 and 20),
    constraint salt_has_32_bytes check (octet_length(salt) = 32),
    constraint description_is_short check (length(description) between 1 and 200),
    constraint generations_count_from_one check (generation >= 1),
    constraint replay_is_whole check ((replay_position is null) = (replay_to is null) and (replay_types is null or replay_to is not null))
);

-- Events that failed and are tried again, and events of the same wallets that wait behind them. The
-- cursor has passed them.
create table remit.webhook_failures (
    ledger_id     bigint not null,
    webhook_id    uuid not null,
    position      bigint not null,
    event_id      uuid not null,
    type          remit_v1.event_type not null,
    -- What it keeps in order: of events that have one of these in common, one is sent at a time.
    subject_ids   uuid[] not null,
    attempts      integer not null, -- 0: it waits behind another one.
    is_aside      boolean not null, -- It holds up no other.
    next_at       timestamptz, -- Null: not by itself.
    outcome       remit_v1.webhook_outcome,
    answer_status integer,
    failed_at     timestamptz, -- First.
    primary key (ledger_id, webhook_id, position),
    constraint failures_are_of_a_webhook foreign key (ledger_id, webhook_id) references remit.webhooks on delete cascade,
    constraint subjects_are_few check (cardinality(subject_ids) between 1 and 16),
    constraint attempts_tell_their_outcome check (
        attempts >= 0 and (attempts > 0) = (outcome is not null) and (attempts > 0) = (failed_at is not null))
);

create index webhook_failures_due on remit.webhook_failures (ledger_id, webhook_id, next_at);

-- Which advisory lock the session of the leading part has, as in remit.relay.
create table remit.webhooks_lead (
    is_only     boolean not null default true,
    lock_number bigint not null default 0,
    primary key (is_only),
    constraint webhooks_lead_has_one_row check (is_only)
);

comment on table remit.webhooks_lead is 'One row: which advisory lock the session that sends webhooks holds.';

insert into remit.webhooks_lead default values;

create type remit_v1.webhook_request as (
    url         text,
    types       text[],
    description text
);

-- What of a webhook_request is to be changed.
create type remit_v1.webhook_member as enum ('url', 'types', 'description');

create type remit_v1.webhook_result as (
    id                    uuid,
    url                   text,
    types                 text[],
    description           text,
    status                remit_v1.webhook_status,
    generation            integer,
    previous_secret_until timestamptz,
    position              bigint,
    replay_position       bigint,
    replay_to             bigint,
    failing_since         timestamptz,
    attempted_at          timestamptz,
    outcome               remit_v1.webhook_outcome,
    answer_status         integer,
    pinged_at             timestamptz,
    ping_outcome          remit_v1.webhook_outcome,
    ping_status           integer,
    created_at            timestamptz,
    updated_at            timestamptz
);

create type remit_v1.webhook_failure as (
    position      bigint,
    event_id      uuid,
    type          text,
    attempts      integer,
    is_aside      boolean,
    next_at       timestamptz,
    outcome       remit_v1.webhook_outcome,
    answer_status integer,
    failed_at     timestamptz
);

-- An endpoint with something to send.
create type remit_worker_v1.webhook as (
    ledger_id       bigint,
    id              uuid,
    url             text,
    types           text[],
    generation      integer,
    previous_until  timestamptz,
    revision        bigint,
    is_enabled      boolean,
    position        bigint,
    head            bigint,
    replay_position bigint,
    replay_to       bigint,
    replay_types    text[],
    succeeded_at    timestamptz,
    is_failing      boolean,
    has_failures    boolean,
    ping_id         uuid
);

create type remit_worker_v1.webhook_failure as (
    position      bigint,
    event_id      uuid,
    type          text,
    subject_ids   uuid[],
    attempts      integer,
    is_aside      boolean,
    next_at       timestamptz,
    outcome       remit_v1.webhook_outcome,
    answer_status integer,
    failed_at     timestamptz
);

-- What became of an endpoint's events since the report before.
create type remit_worker_v1.webhook_report as (
    ledger_id       bigint,
    webhook_id      uuid,
    revision        bigint,
    position        bigint,
    replay_position bigint,
    succeeded_at    timestamptz,
    failed_at       timestamptz,
    is_gone         boolean, -- The endpoint said that it is.
    outcome         remit_v1.webhook_outcome,
    answer_status   integer,
    ping_outcome    remit_v1.webhook_outcome,
    ping_status     integer,
    settled         bigint[], -- Failures that are none any more.
    failures        remit_worker_v1.webhook_failure[]
);
