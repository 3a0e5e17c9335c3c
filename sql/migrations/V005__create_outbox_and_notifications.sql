-- An event is written in the transaction of the change that it tells of, and leaves the table when
-- it goes to the end of its ledger's log. A transfer's content is read from its journal row, which
-- never changes, so its event carries only the id; other events carry their data.

create type remit_v1.event_type as enum (
    -- Of the journal (remit.event_is_of_journal): a row each.
    'transfer.posted', 'transfer.rejected',
    'hold.authorised', 'hold.adjusted', 'hold.released', 'hold.expired',
    -- Of what else changes.
    'user.created', 'wallet.created', 'wallet.frozen', 'wallet.unfrozen', 'wallet.limits_set',
    'ledger.created', 'key.created', 'key.revoked', 'operator.acted',
    'webhook.created', 'webhook.updated', 'webhook.deleted', 'webhook.rotated', 'webhook.disabled', 'webhook.enabled'
);

-- A row of the audit log may name 1,000 subjects.
create domain remit.event_data as jsonb
    constraint event_data_is_small check (pg_column_size(value) <= 65536);
-- transfers_post may tell of 1,000 requests and 1,000 expiries.
create domain remit.told_types as remit_v1.event_type[]
    constraint told_types_are_those_of_a_call check (cardinality(value) between 1 and 2000);
create domain remit.told_subjects as uuid[]
    constraint told_subjects_are_those_of_a_call check (cardinality(value) between 1 and 2000);
create domain remit.told_traces as text[]
    constraint told_traces_are_small check (pg_column_size(value) <= 131072);

-- A row tells of a whole call of transfers_post, or of one other change. The event at place n of a
-- row has the number id + n - 1.
create table remit.outbox (
    ledger_id    bigint not null,
    id           bigint generated always as identity (increment by 2000),
    types        remit.told_types not null,
    subject_ids  remit.told_subjects not null,
    data         remit.event_data, -- Of the one event; null where rows of the journal tell.
    traceparents remit.told_traces,
    created_at   timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- The relay reads over all ledgers in order of id.
create index outbox_in_order on remit.outbox (id);
alter table remit.outbox add primary key (ledger_id, id); -- Last, as of wallets.

-- What was sent. The primary key drops the second delivery of the same event.
create table remit.notifications (
    ledger_id  bigint not null,
    event_id   uuid not null,
    channel    text not null,
    type       text not null,
    subject_id uuid not null,
    attempts   integer not null,
    sent_at    timestamptz not null default now(),
    primary key (ledger_id, event_id),
    constraint attempts_is_positive check (attempts > 0),
    constraint channel_is_short check (octet_length(channel) between 1 and 64),
    constraint type_is_short check (octet_length(type) between 1 and 64)
);

-- Which advisory lock the session of the active relay holds. Each relay that begins to lead takes
-- another one, so that no other role can hold it before.
create table remit.relay (
    is_only     boolean not null default true,
    lock_number bigint not null default 0,
    -- What this relay says of its work.
    broker_blocked boolean not null default false,
    primary key (is_only),
    constraint relay_has_one_row check (is_only)
);

comment on table remit.relay is 'One row: which advisory lock the session of the active relay holds, and what it says of its work.';

insert into remit.relay default values;
