-- Plans are made once in a session and kept. Those of a session that is older than its data must
-- look rows up all the same: here each is made while its table is next to empty, and asked about
-- 300 of 3,000 rows.

begin;
select plan(7);
\ir fixture.psql

-- How many entries of an index a call reads.
create function pg_temp.reads(index_name regclass, call text) returns bigint language plpgsql as $$
declare
    before constant bigint := pg_stat_get_xact_tuples_returned(index_name);
begin
    execute call;
    return pg_stat_get_xact_tuples_returned(index_name) - before;
end;
$$;

create function pg_temp.ids(first integer, last integer) returns uuid[] language sql as $$
    select array_agg(pg_temp.id(n)) from generate_series(first, last) n;
$$;

-- The calls, with numbers first to last.
create function pg_temp.unsent(first integer, last integer) returns bigint language plpgsql as $$
begin
    return (select count(*) from remit_worker_v1.notifications_unsent(1, pg_temp.ids(first, last)));
end;
$$;
create function pg_temp.wallets(first integer, last integer) returns bigint language plpgsql as $$
begin
    return (select count(*) from remit_v1.wallets_get(1, pg_temp.ids(first, last)));
end;
$$;
create function pg_temp.append(first integer, last integer) returns void language plpgsql as $$
begin
    perform remit.chain_append(1, pg_temp.ids(first, last));
end;
$$;
create function pg_temp.post(first integer, last integer) returns bigint language plpgsql as $$
begin
    return (select count(*) from remit_v1.transfers_post(1, array(
        select pg_temp.request(n, n, n + 1, 1) from generate_series(first, last) n)));
end;
$$;
create function pg_temp.relay() returns bigint language plpgsql as $$
begin
    return (select count(*) from remit_worker_v1.outbox_read(300));
end;
$$;

create function pg_temp.settle() returns integer language plpgsql as $$
begin
    return remit_worker_v1.outbox_settle(1, array(select id from remit.outbox order by id limit 300));
end;
$$;

select pg_temp.unsent(1, 2), pg_temp.wallets(1, 2), pg_temp.append(1, 2), pg_temp.post(1, 2), pg_temp.relay(),
       pg_temp.settle() \g /dev/null

insert into remit.notifications (ledger_id, event_id, channel, type, subject_id, body, attempts)
select 1, pg_temp.id(n), 'log', 'transfer.posted', pg_temp.id(n), '{}', 1 from generate_series(1, 3000) n;
insert into remit.wallets (ledger_id, id, user_id, currency, floor)
select 1, pg_temp.id(n), pg_temp.id(1), 'USD', null from generate_series(1, 3000) n on conflict do nothing;
select pg_temp.post(first, first + 498) from generate_series(1, 2500, 499) first \g /dev/null

select ok(pg_temp.reads('remit.notifications_pkey', 'select pg_temp.unsent(1, 300)') <= 600,
          'notifications are looked up');
select ok(pg_temp.reads('remit.wallets_pkey', 'select pg_temp.wallets(1, 300)') <= 600,
          'wallets are looked up');
select ok(pg_temp.reads('remit.transfers_pkey', 'select pg_temp.append(1, 300)') <= 600,
          'transfers are looked up for the chain');
select ok(pg_temp.reads('remit.transfers_pkey', 'select pg_temp.relay()') <= 600,
          'transfers are looked up for their events');
select ok(pg_temp.reads('remit.wallets_pkey', 'select pg_temp.post(2600, 2899)') <= 900,
          'wallets are looked up for transfers');

select ok(pg_temp.reads('remit.transfers_pkey', 'select pg_temp.post(2000, 2299)') <= 600,
          'transfers are looked up by their ids');
select ok(pg_temp.reads('remit.outbox_pkey', 'select pg_temp.settle()') <= 600,
          'events are looked up to be removed');

select * from finish();
rollback;
