-- A wallet's row holds what is true now; the journal holds how it came to be. The row is
-- what a transfer locks.

-- The digest of what a user or a wallet was created with: a retry of its creation is told by it,
-- whatever has become of the row. Null: it was not created by a request.
create domain remit.content_digest as bytea
    constraint content_digest_has_32_bytes check (octet_length(value) = 32);

create table remit.users (
    ledger_id  bigint not null references remit.ledgers,
    id         uuid not null,
    name       text not null,
    email      text,
    reference  text,
    metadata   jsonb not null default '{}',
    created_as remit.content_digest,
    profile_salt bytea not null default uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
    created_at timestamptz not null default now(),
    primary key (ledger_id, id),
    constraint profile_salt_has_32_bytes check (octet_length(profile_salt) = 32),
    constraint name_is_short check (length(name) between 1 and 200),
    constraint email_is_short check (length(email) between 3 and 254),
    constraint reference_is_short check (length(reference) <= 200),
    constraint metadata_is_a_flat_object_of_strings check (
        jsonb_typeof(metadata) = 'object'
        and octet_length(metadata::text) <= 4096
        and not jsonb_path_exists(metadata, '$.*.type() ? (@ != "string")')
    )
);

comment on column remit.users.profile_salt is
    'What the hash in the event user.created is made with. Once it is erased, nobody can tell from the hash who the user was.';

create type remit_v1.wallet_status as enum ('active', 'frozen');

-- What holds for one column of a wallet is a rule of the column's domain, which is checked when the
-- column is written. A rule of the table is read, planned and checked by each statement that writes
-- any column: each transfer would pay for it.
create domain remit.flat_metadata as jsonb
    constraint metadata_is_a_flat_object_of_strings check (
        jsonb_typeof(value) = 'object'
        and octet_length(value::text) <= 4096
        and not jsonb_path_exists(value, '$.*.type() ? (@ != "string")')
    );
create domain remit.short_reference as text
    constraint reference_is_short check (length(value) <= 200);

create domain remit.short_request_id as text
    constraint request_id_is_short check (octet_length(value) <= 255); -- As long as a property of AMQP.

-- Amounts are minor units. Balances stay within ±(2^53 − 1), which every JSON client reads exactly.
create domain remit.exact_balance as bigint
    constraint balance_is_exact_in_json check (value between -9007199254740991 and 9007199254740991);
create domain remit.exact_limit as bigint
    constraint limit_is_exact_in_json check (value between 0 and 9007199254740991);
create domain remit.natural_number as bigint
    constraint natural_number_not_negative check (value >= 0);

create table remit.wallets (
    ledger_id       bigint not null references remit.ledgers,
    id              uuid not null,
    user_id         uuid,
    currency        text not null references remit.currencies,
    balance         remit.exact_balance not null default 0,
    held            remit.natural_number not null default 0,
    held_until      timestamptz,
    floor           remit.exact_balance,
    version         remit.natural_number not null default 0,
    status          remit_v1.wallet_status not null default 'active',
    status_version  remit.natural_number not null default 0,
    transfer_max    remit.exact_limit,
    daily_max       remit.exact_limit,
    counted_from    remit.natural_number,
    created_as      remit.content_digest,
    reference       remit.short_reference,
    metadata        remit.flat_metadata not null default '{}',
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    foreign key (ledger_id, user_id) references remit.users,
    constraint balance_not_below_floor check (balance - held >= floor),
    constraint issuance_wallet_has_no_floor check (user_id is not null or floor is null)
) with (fillfactor = 70); -- Room on the page, so that a new balance touches no index.

comment on column remit.wallets.user_id is
    'Null marks the issuance wallet of its ledger and currency, through which money enters and leaves.';
comment on column remit.wallets.version is
    'The number of entries: 1, 2, 3 … without gaps. Each change of the balance or of what is held is one.';
comment on column remit.wallets.held_until is
    'When the first of the open holds ends. Null where none does.';
comment on column remit.wallets.status_version is
    'The number of status changes. version + status_version grows with every change of the row.';
comment on column remit.wallets.transfer_max is
    'The largest amount that one transfer may take from the wallet. Null is no limit.';
comment on column remit.wallets.daily_max is
    'The largest total that may leave the wallet in any 24 hours. Null is no limit.';
comment on column remit.wallets.counted_from is
    'The version from which on remit.spending counts what leaves. Null where there is no daily_max.';

create unique index one_issuance_wallet_per_currency on remit.wallets (ledger_id, currency) where user_id is null;
create index wallets_of_user on remit.wallets (ledger_id, user_id, created_at, id);
-- Last: of indexes that seem to cost the same, as all do while a table is empty, the planner takes
-- the one that was made last, and a session keeps its plans.
alter table remit.wallets add primary key (ledger_id, id);

-- What left the wallets that have a daily limit, by the hour, so that a limit costs the same
-- whatever a wallet did that day. hour: whole hours since 1970. A row counts the wallet's entries
-- from version_first up to that of the next hour, so that verify can count them again: the first
-- row those from the wallet's counted_from on.
create table remit.spending (
    ledger_id     bigint not null,
    wallet_id     uuid not null,
    hour          bigint not null,
    amount        remit.exact_limit not null,
    version_first bigint not null,
    was_behind    boolean not null default false,
    primary key (ledger_id, wallet_id, hour),
    foreign key (ledger_id, wallet_id) references remit.wallets
);

comment on column remit.spending.was_behind is
    'Whether the clock was behind the moment of an entry that the row counts. If not, hour is that of the moment.';
