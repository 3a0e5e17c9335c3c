-- What Redis holds may be old: it loses what it has acknowledged, refuses writes, and is another
-- one after a failover. So PostgreSQL says which generation of the cache may be read, and from
-- which Redis. A process that could not write a change to Redis closes the generation before the
-- change is told: its entries are never read again.
--
-- A Redis and a broker may be asked by programs of several databases, or of one that was made anew:
-- the id tells whose keys and queues they are.
create table remit.cache (
    is_only     boolean not null default true,
    instance_id uuid not null default gen_random_uuid(),
    generation  bigint not null default 1,
    advanced_at timestamptz not null default 'epoch', -- The first one has none before it that could still be read.
    redis_id    text,
    primary key (is_only),
    constraint cache_has_one_row check (is_only),
    constraint generations_count_from_one check (generation >= 1),
    constraint redis_id_is_short check (octet_length(redis_id) between 1 and 64)
);

comment on table remit.cache is
    'One row: whose keys and queues are Remit''s, and which generation of the wallet cache may be read.';
comment on column remit.cache.redis_id is
    'The replication id (master_replid) of the Redis that the generation is in. Null: it is closed.';

insert into remit.cache default values;

create type remit_ops_v1.cache_state as (
    instance_id uuid,
    place       text,
    generation  bigint,
    age_ms      bigint,
    redis_id    text
);
