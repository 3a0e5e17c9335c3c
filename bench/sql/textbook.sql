-- The peer: a transfer as textbooks write it, one call each.
--
-- It locks both rows in order of id, checks the balance, updates both, and writes the journal and
-- the outbox. What it leaves out makes it faster: no replay, no versions, no balances in the
-- journal, no statements. textbook_statements.sql adds the indexes that statements need.

drop schema if exists textbook cascade;
create schema textbook;

create table textbook.wallets (
    id         uuid primary key,
    balance    bigint not null,
    updated_at timestamptz not null default now(),
    constraint balance_not_below_zero check (balance >= 0)
) with (fillfactor = 70); -- As Remit's.

create table textbook.transfers (
    id         uuid primary key,
    source_id  uuid not null,
    target_id  uuid not null,
    amount     bigint not null,
    created_at timestamptz not null,
    constraint amount_is_positive check (amount > 0)
);

create table textbook.outbox (
    id          bigint generated always as identity primary key,
    type        text not null,
    transfer_id uuid not null,
    created_at  timestamptz not null
);

create function textbook.transfer(id uuid, source_id uuid, target_id uuid, amount bigint)
    returns void
    language plpgsql
as $$
begin
    perform from textbook.wallets w
      where w.id in (transfer.source_id, transfer.target_id)
      order by w.id
        for update;

    update textbook.wallets w
       set balance = w.balance - transfer.amount, updated_at = now()
     where w.id = transfer.source_id and w.balance >= transfer.amount;
    if not found then
        raise exception 'insufficient funds';
    end if;
    update textbook.wallets w
       set balance = w.balance + transfer.amount, updated_at = now()
     where w.id = transfer.target_id;

    insert into textbook.transfers (id, source_id, target_id, amount, created_at)
    values (transfer.id, transfer.source_id, transfer.target_id, transfer.amount, now());
    insert into textbook.outbox (type, transfer_id, created_at)
    values ('transfer.posted', transfer.id, now());
end;
$$;
