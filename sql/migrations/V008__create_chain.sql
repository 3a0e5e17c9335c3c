-- Evidence of tampering. Triggers refuse to change the journal, but a superuser can switch triggers
-- off. So each journal row's digest goes into a block as its event leaves the outbox, and each
-- block's hash covers the one before: a row that is changed afterwards no longer matches, and a
-- chain that is made anew has another head.

-- The gate is the outbox: a row leaves it in one place, and was committed when it does. So no late
-- commit is skipped, and a transfer pays nothing.
create table remit.chain_blocks (
    ledger_id    bigint not null,
    block        bigint not null,
    transfers    bigint not null,
    transfer_ids uuid[] not null,
    digests      bytea[] not null,
    hash         bytea not null,
    created_at   timestamptz not null,
    primary key (ledger_id, block),
    constraint blocks_count_from_one check (block >= 1),
    constraint one_digest_per_transfer check (
        cardinality(transfer_ids) between 1 and 10000
        and cardinality(transfer_ids) = cardinality(digests)
        and num_nulls(array_position(transfer_ids, null), array_position(digests, null)) = 2
    ),
    constraint hash_has_32_bytes check (octet_length(hash) = 32)
);

-- Digests look random: trying to compress them is lost time.
alter table remit.chain_blocks
    alter column transfer_ids set storage external,
    alter column digests set storage external;

comment on column remit.chain_blocks.transfers is
    'How many transfers are chained in this ledger, up to the end of this block.';

-- What a digest is made of: named columns, so that it stays what it was when columns are added; as
-- a JSON array, so that no two rows have one text; and the time as seconds since 1970, whatever the
-- session's time zone.
create view remit.transfer_digests as
    select t.ledger_id, t.id,
           sha256(convert_to(json_build_array(
               t.ledger_id, t.id, t.outcome, t.source_id, t.target_id, t.amount, t.currency,
               t.source_version, t.source_balance, t.target_version, t.target_balance,
               t.reference, t.metadata, t.request_id, extract(epoch from t.created_at))::text
               || case when t.terms is distinct from null or t.effect is distinct from null then json_build_array(
                   t.amount_asked,
                   (t.terms).kind, (t.terms).subject_id, (t.terms).is_final, (t.terms).may_exceed, (t.terms).at_most,
                   extract(epoch from (t.terms).expires_at), (t.terms).expires_in,
                   (t.terms).group_id, (t.terms).group_place, (t.terms).group_size,
                   (t.terms).source_version, (t.terms).source_balance_min, (t.terms).target_balance_max,
                   (t.effect).source_held, extract(epoch from (t.effect).source_held_until),
                   (t.effect).target_held, extract(epoch from (t.effect).target_held_until),
                   (t.effect).hold_amount, (t.effect).hold_captured, (t.effect).hold_remaining,
                   extract(epoch from (t.effect).hold_expires_at), (t.effect).hold_before)::text else '' end,
               'UTF8')) as digest
      from remit.transfers t;

comment on view remit.transfer_digests is
    'The SHA-256 of each journal row. A column that is added later joins it only where it is not null.';

create type remit_ops_v1.chain_head as (
    ledger_id  bigint,
    block      bigint,
    transfers  bigint,
    hash       bytea,
    created_at timestamptz
);
