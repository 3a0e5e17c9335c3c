-- An event is written in the transaction of the change that it tells of, and leaves the table
-- when the broker has confirmed it. A transfer's content is read from its journal row, which
-- never changes, so its event carries only the id; other events carry their data.

create domain remit.event_type as text
    constraint event_type_is_short check (octet_length(value) <= 64);
create domain remit.event_data as jsonb
    constraint event_data_is_small check (pg_column_size(value) <= 16384);

create table remit.outbox (
    ledger_id  bigint not null,
    -- transfers_post numbers the events of a call itself: of 1,000 requests and 1,000 expiries.
    id         bigint generated always as identity (increment by 2000),
    event_id   uuid not null default gen_random_uuid(),
    type       remit.event_type not null,
    subject_id uuid not null,
    request_id remit.short_request_id,
    data       remit.event_data,
    created_at timestamptz not null,
    primary key (ledger_id, id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- The relay reads over all ledgers in order of id.
create index outbox_in_order on remit.outbox (id);

-- What was sent. The primary key drops the second delivery of the same event.
create table remit.notifications (
    ledger_id  bigint not null,
    event_id   uuid not null,
    channel    text not null,
    type       text not null,
    subject_id uuid not null,
    body       jsonb not null,
    attempts   integer not null,
    sent_at    timestamptz not null default now(),
    primary key (ledger_id, event_id),
    constraint attempts_is_positive check (attempts > 0),
    constraint channel_is_short check (octet_length(channel) between 1 and 64),
    constraint type_is_short check (octet_length(type) between 1 and 64),
    constraint body_is_small check (pg_column_size(body) <= 131072)
);

-- Which advisory lock the session of the active relay holds. Each relay that begins to lead takes
-- another one, so that no other role can hold it before.
create table remit.relay (
    is_only     boolean not null default true,
    lock_number bigint not null default 0,
    -- What this relay says of its work.
    broker_blocked boolean not null default false,
    aside_ids   bigint[] not null default '{}',
    primary key (is_only),
    constraint relay_has_one_row check (is_only),
    constraint aside_ids_are_few check (cardinality(aside_ids) <= 10000)
);

comment on table remit.relay is 'One row: which advisory lock the session of the active relay holds, and what it says of its work.';

insert into remit.relay default values;
