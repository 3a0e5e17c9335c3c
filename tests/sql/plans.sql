-- Plans are made once in a session and kept. Those of a session that is older than its data must
-- look rows up all the same: here each is made while its table is next to empty, and asked about
-- 300 of 3,000 rows.

begin;
select plan(15);
\ir fixture.psql
\ir terms.psql

-- How many entries of a table's indexes a call reads, whichever it takes.
create function pg_temp.entries_read(table_name regclass) returns bigint language sql as $$
    select sum(pg_stat_get_xact_tuples_returned(i.indexrelid))::bigint from pg_index i where i.indrelid = table_name;
$$;
create function pg_temp.reads(table_name regclass, call text) returns bigint language plpgsql as $$
declare
    before constant bigint := pg_temp.entries_read(table_name);
begin
    execute call;
    return pg_temp.entries_read(table_name) - before;
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
create function pg_temp.post(first integer, last integer) returns bigint language plpgsql as $$
begin
    return (select count(*) from remit_v1.transfers_post(1, array(
        select pg_temp.request(n, n, n + 1, 1) from generate_series(first, last) n)));
end;
$$;
create function pg_temp.relay() returns bigint language plpgsql as $$
begin
    return (select count(*) from remit_worker_v1.outbox_append(300));
end;
$$;
create function pg_temp.slice(first integer, last integer) returns bigint language plpgsql as $$
begin
    return (select count(*) from remit_worker_v1.log_read(1, first, last - first));
end;
$$;
create function pg_temp.behind() returns bigint language plpgsql as $$
begin
    return (select count(*) from remit_worker_v1.cursors_behind('broker'));
end;
$$;
create function pg_temp.head() returns bigint language plpgsql as $$
begin
    return (select h.position from remit_ops_v1.log_head(1) h);
end;
$$;

-- Holds of these numbers, what is done to them, and how they are read.
create function pg_temp.reserve(first integer, last integer) returns bigint language plpgsql as $$
begin
    return (select count(*) from pg_temp.post_items(array(select pg_temp.hold(n, n % 10 + 10, 1, expires_in => 600) from generate_series(first, last) n)) r
             where r.outcome = 'posted');
end;
$$;
create function pg_temp.do_all(first integer, last integer) returns bigint language plpgsql as $$
begin
    return (select count(*) from pg_temp.post_items(
                array(select pg_temp.capture(n + 100000, n, 9, is_final => false, amount => 1) from generate_series(first, last, 2) n)
                || array(select pg_temp.release(n + 100000, n) from generate_series(first + 1, last, 2) n)));
end;
$$;
create function pg_temp.undo(first integer, last integer) returns bigint language plpgsql as $$
begin
    return (select count(*) from pg_temp.post_items(array(select pg_temp.reverse(n + 200000, n + 100000) from generate_series(first, last, 2) n)));
end;
$$;
create function pg_temp.holds(first integer, last integer) returns bigint language plpgsql as $$
begin
    return (select count(*) from remit_v1.holds_get(1, pg_temp.ids(first, last)));
end;
$$;
create function pg_temp.listed(first integer, last integer) returns bigint language plpgsql as $$
begin
    return (select count(*) from generate_series(first, last) n, lateral (select remit_v1.hold_list(1, pg_temp.id(10), true, null, 10) offset 0) h);
end;
$$;
-- As after an ANALYZE of a new database: nothing seems to cost anything.
alter table remit.transfers disable trigger all;
alter table remit.log_blocks disable trigger all;
truncate remit.holds, remit.reversed_transfers, remit.transfers, remit.log_blocks, remit.log_details, remit.outbox;
analyze remit.holds, remit.reversed_transfers;

select pg_temp.reserve(100001, 100002), pg_temp.do_all(100001, 100002), pg_temp.undo(100001, 100002), pg_temp.holds(1, 2),
       pg_temp.unsent(1, 2), pg_temp.wallets(1, 2), pg_temp.post(1, 2), pg_temp.relay(),
       pg_temp.slice(1, 2), pg_temp.behind(), pg_temp.head() \g /dev/null

insert into remit.notifications (ledger_id, event_id, channel, type, subject_id, attempts)
select 1, pg_temp.id(n), 'log', 'transfer.posted', pg_temp.id(n), 1 from generate_series(1, 3000) n;
insert into remit.wallets (ledger_id, id, user_id, currency, floor)
select 1, pg_temp.id(n), pg_temp.id(1), 'USD', null from generate_series(1, 3000) n on conflict do nothing;
select pg_temp.post(first, first + 498) from generate_series(1, 2500, 499) first \g /dev/null

select cmp_ok(pg_temp.reads('remit.notifications', 'select pg_temp.unsent(1, 300)'), '<=', (600)::bigint,
          'notifications are looked up');
select cmp_ok(pg_temp.reads('remit.wallets', 'select pg_temp.wallets(1, 300)'), '<=', (600)::bigint,
          'wallets are looked up');
-- Each call of 499 has one row in the outbox; a person's acts have others.
do $$
begin
    perform remit.event_record(1, 'wallet.frozen', pg_temp.id(n), '{}', now()) from generate_series(1, 3000) n;
end;
$$;
select cmp_ok(pg_temp.reads('remit.transfers', 'select pg_temp.relay()'), '<=', (2 * 2 * 2500)::bigint,
          'transfers are looked up for the log, and for what it gives');
select cmp_ok(pg_temp.reads('remit.outbox', 'select pg_temp.relay()'), '<=', (1500)::bigint, -- Also those that have left in this transaction.
          'rows of the outbox are looked up to leave it');
do $$ begin perform pg_temp.relay() from generate_series(1, 20); end; $$;
do $$
begin
    for n in 1..300 loop
        perform remit.event_record(1, 'wallet.frozen', pg_temp.id(n), '{}', now());
        perform pg_temp.relay();
    end loop;
end;
$$;
select cmp_ok(pg_temp.reads('remit.log_blocks', 'select pg_temp.slice(2300, 2600)'), '<=', (4)::bigint, 'blocks are looked up for a page');
select cmp_ok(pg_temp.reads('remit.transfers', 'select pg_temp.slice(10, 40)'), '<=', (60)::bigint, 'and so are transfers');
select cmp_ok(pg_temp.reads('remit.log_blocks', 'select pg_temp.behind()'), '<=', (2)::bigint, 'the end of a log is looked up');
select cmp_ok(pg_temp.reads('remit.log_blocks', 'select pg_temp.head()'), '<=', (20)::bigint, 'so is its head');
select cmp_ok(pg_temp.reads('remit.wallets', 'select pg_temp.post(2600, 2899)'), '<=', (900)::bigint,
          'wallets are looked up for transfers');

select cmp_ok(pg_temp.reads('remit.transfers', 'select pg_temp.post(2000, 2299)'), '<=', (600)::bigint,
          'transfers are looked up by their ids');

select is((select sum(pg_temp.reserve(n, n + 499)) from generate_series(300001, 303000, 500) n), 3000::numeric, 'there are 3,000 holds');
select cmp_ok(pg_temp.reads('remit.holds', 'select pg_temp.do_all(300001, 300300)'), '<=', 2400::bigint, 'holds are looked up');
select cmp_ok(pg_temp.reads('remit.holds', 'select pg_temp.holds(300001, 300300)'), '<=', (600)::bigint, 'also to be read');
select cmp_ok(pg_temp.reads('remit.transfers', 'select pg_temp.undo(300001, 300300)'), '<=', (1200)::bigint, 'transfers are looked up to be reversed');
select cmp_ok(pg_temp.reads('remit.holds', 'select pg_temp.listed(1, 10)'), '<=', (2000)::bigint, 'and a page of holds ends');

select * from finish();
rollback;
