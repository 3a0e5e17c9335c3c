-- The log of a ledger: all of its events, in order, for ever. It is also the evidence of tampering.
-- Triggers refuse to change it, but a superuser can switch triggers off. So each event's digest is
-- a leaf of a tree of hashes, and a head, the hash over all of the tree, is kept elsewhere: a log
-- that is made anew has another head.

-- The gate is the outbox: an event leaves it in one place, and was committed when it does. So no
-- late commit is skipped, positions have no gaps, and a transfer pays nothing.

-- A block is what one append has added: events at the positions up to its own, in order. The arrays
-- have an element for each.
--
-- There are two trees, both as RFC 9162 has them: of the events of a block, with a root, and of the
-- blocks. nodes has the hashes of the latter that the block completes: its own, that of it and the
-- one before, of these and the two before … (remit.blocks_hash makes the head of them.)
create table remit.log_blocks (
    ledger_id   bigint not null,
    block       bigint not null,
    position    bigint not null,
    event_ids   uuid[] not null,
    types       remit_v1.event_type[] not null,
    subject_ids uuid[] not null,
    times       timestamptz[] not null,
    digests     bytea[] not null,
    nodes       bytea[] not null,
    created_at  timestamptz not null,
    unique (ledger_id, block),
    constraint blocks_count_from_one check (block >= 1),
    constraint block_is_whole check (
        cardinality(event_ids) between 1 and 10000
        and cardinality(types) = cardinality(event_ids)
        and cardinality(subject_ids) = cardinality(event_ids)
        and cardinality(times) = cardinality(event_ids)
        and cardinality(digests) = cardinality(event_ids)
        and num_nulls(array_position(event_ids, null), array_position(types, null), array_position(subject_ids, null),
                      array_position(times, null), array_position(digests, null)) = 5
        and cardinality(nodes) between 1 and 63
    )
);

create index log_blocks_by_time on remit.log_blocks (ledger_id, created_at, position);
alter table remit.log_blocks add primary key (ledger_id, position); -- Last, as of wallets.

-- Ids and digests look random: trying to compress them is lost time.
alter table remit.log_blocks
    alter column event_ids set storage external,
    alter column subject_ids set storage external,
    alter column digests set storage external;

comment on column remit.log_blocks.position is
    'Of the last event of the block. Positions of a ledger are 1, 2, 3 … without gaps.';
comment on column remit.log_blocks.created_at is
    'When it was appended. It never goes back, and no event of the block is later.';

-- What a block need not keep for ever: the data of events that are not of the journal, and traces.
-- A block without any has no row. What was pruned is proven no less: the digest stays.
create table remit.log_details (
    ledger_id    bigint not null,
    position     bigint not null,
    datas        jsonb[],
    traceparents text[],
    primary key (ledger_id, position),
    constraint datas_are_those_of_a_block check (cardinality(datas) between 1 and 10000),
    constraint traceparents_are_those_of_a_block check (cardinality(traceparents) between 1 and 10000)
);

-- How far each reader that the worker leads has come: all events up to the position are confirmed.
create table remit.cursors (
    ledger_id bigint not null,
    channel   text not null,
    position  bigint not null,
    primary key (ledger_id, channel),
    constraint channel_is_short check (octet_length(channel) between 1 and 64),
    constraint position_is_not_negative check (position >= 0)
) with (fillfactor = 50);

-- What the broker will never take as it is: its cursor goes on without it.
create table remit.events_aside (
    ledger_id bigint not null,
    position  bigint not null,
    reason    text not null,
    at        timestamptz not null,
    primary key (ledger_id, position),
    constraint reason_is_short check (octet_length(reason) between 1 and 500)
);

-- What a digest is made of: named columns, so that it stays what it was when columns are added; as
-- JSON arrays, so that no two rows have one text; and times as seconds since 1970, whatever the
-- session's time zone. The labels may be erased one day: their hash stays, and proves the rest.
create view remit.transfer_digests as
    select d.ledger_id, d.id, d.outcome, d.kind, d.created_at, d.core, d.labels,
           sha256(convert_to(d.core, 'UTF8') || sha256(convert_to(d.labels, 'UTF8'))) as digest,
           d.transfer -- The row itself, for who needs both.
      from (select t.ledger_id, t.id, t.outcome, (t.terms).kind, t.created_at,
                   json_build_array(
                       t.ledger_id, t.id, t.outcome, t.source_id, t.target_id, t.amount, t.currency,
                       t.source_version, t.source_balance, t.target_version, t.target_balance,
                       t.request_id, extract(epoch from t.created_at))::text
                   || case when t.terms is distinct from null or t.effect is distinct from null then json_build_array(
                       t.amount_asked,
                       (t.terms).kind, (t.terms).subject_id, (t.terms).is_final, (t.terms).may_exceed, (t.terms).at_most,
                       extract(epoch from (t.terms).expires_at), (t.terms).expires_in,
                       (t.terms).group_id, (t.terms).group_place, (t.terms).group_size,
                       (t.terms).source_version, (t.terms).source_balance_min, (t.terms).target_balance_max,
                       (t.effect).source_held, extract(epoch from (t.effect).source_held_until),
                       (t.effect).target_held, extract(epoch from (t.effect).target_held_until),
                       (t.effect).hold_amount, (t.effect).hold_captured, (t.effect).hold_remaining,
                       extract(epoch from (t.effect).hold_expires_at), (t.effect).hold_before)::text else '' end as core,
                   json_build_array(t.reference, t.metadata)::text as labels,
                   t as transfer
              from remit.transfers t) d;

comment on view remit.transfer_digests is
    'The digest of each journal row, and what it is made of. A column that is added later joins it only where it is not null.';

-- An event of the log. data is null where a row of the journal tells, which is then transfer.
create type remit_v1.event as (
    ledger_id   bigint,
    position    bigint,
    id          uuid,
    type        text,
    subject_id  uuid,
    request_id  text,
    traceparent text,
    created_at  timestamptz,
    data        json,
    transfer    remit_v1.transfer_result
);

-- What one append has done: its block, and the events of the block as they are told.
create type remit.log_step as (
    appended remit.log_blocks,
    events   remit_v1.event[]
);

-- A page of the feed: next is the position up to which it has looked, head that of the last event,
-- and epoch tells which history of the database both are in.
create type remit_v1.event_page as (
    events remit_v1.event[],
    next   bigint,
    head   bigint,
    epoch  text
);

-- What proves that a transfer is in the log (docs/proof.md). Times are microseconds since 2000.
-- core and labels are null for a caller that does not see all of the transfer.
create type remit_v1.transfer_proof as (
    ledger_id      bigint,
    transfer_id    uuid,
    position       bigint,
    event_id       uuid,
    event_type     text,
    event_time     bigint,
    digest         bytea,
    core           text,
    labels         text,
    block          bigint,
    block_position bigint,  -- Of the last of its events,
    block_events   integer, -- of which there are so many.
    block_time     bigint,
    event_path     bytea[],
    head_block     bigint,
    head_position  bigint,
    head_hash      bytea,
    block_path     bytea[]
);

create type remit_worker_v1.cursor as (
    ledger_id bigint,
    channel   text,
    position  bigint
);

-- How far a cursor is behind; without a ledger, many of a channel together.
create type remit_worker_v1.cursor_lag as (
    ledger_id   bigint,
    channel     text,
    events      bigint,
    waits_since timestamptz
);

create type remit_ops_v1.log_head as (
    ledger_id  bigint,
    block      bigint,
    position   bigint,
    hash       bytea,
    created_at timestamptz
);

-- The events of a replay: those after a position and up to another.
create type remit_ops_v1.replay_window as (
    after bigint,
    until bigint
);

-- How many rows were dropped.
create type remit_ops_v1.pruned as (
    notifications bigint,
    details       bigint
);

create type remit_ops_v1.event_aside as (
    ledger_id  bigint,
    position   bigint,
    event_id   uuid,
    type       text,
    subject_id uuid,
    reason     text,
    at         timestamptz
);
