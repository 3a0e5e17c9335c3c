begin;
select plan(42);
\ir fixture.psql

-- The machine's clock is wrong for a while. It cannot be set here, so all that was written is moved
-- instead: into the future, as if the clock had then been set back; into the past, as if it had
-- been set ahead.

create function pg_temp.set_clock(by interval) returns void language plpgsql as $$
begin
    alter table remit.transfers disable trigger journal_refuses_update_and_delete;
    update remit.transfers set created_at = created_at - by;
    alter table remit.transfers enable always trigger journal_refuses_update_and_delete;
    update remit.wallets set created_at = created_at - by, updated_at = updated_at - by;
    update remit.spending set hour = hour - 1000000; -- So that no two meet on their way.
    update remit.spending set hour = hour + 1000000 - extract(epoch from by) / 3600;
end;
$$;
-- Whether an amount leaves a wallet.
create sequence pg_temp.numbers start 1000;
create function pg_temp.spend(source integer, amount bigint, target integer default 12) returns text language sql as $$
    select o from unnest(pg_temp.outcomes(pg_temp.request(nextval('pg_temp.numbers')::integer, source, target, amount))) o;
$$;
-- A new wallet that may spend 100 a day, and has spent 60.
create function pg_temp.limited(number integer, target integer default 12) returns void language plpgsql as $$
begin
    perform pg_temp.wallet(number, 10000);
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(number), null, 100, 'a test');
    perform pg_temp.spend(number, 60, target);
end;
$$;
select pg_temp.wallet(12);
select pg_temp.wallet(13, 1000);
select pg_temp.wallet(14);
create temporary table distances (number, distance) as
    values (1, interval '3 hours'), (2, interval '24 hours'), (3, interval '9600 hours'); -- The last are 400 days.

-- ---- Ahead when a limit is set ------------------------------------------------------------------

create function pg_temp.limit_ahead(number integer, distance interval) returns setof text language plpgsql as $$
begin
    perform pg_temp.wallet(number, 10000);
    perform pg_temp.wallet(number + 50);
    perform pg_temp.spend(number, 60, number + 50);
    perform pg_temp.set_clock(distance);
    perform pg_temp.spend(number, 1, number + 50);
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(number), null, 100, 'a test');
    perform pg_temp.set_clock(-distance);
    return next is(pg_temp.spend(number, 40, number + 50), 'limit_exceeded', 'a limit that is set ' || distance || ' ahead counts what was spent before');
    return next is(pg_temp.spend(number, 39, number + 50), 'posted', 'and no more');
end;
$$;
select pg_temp.limit_ahead(400 + number, distance) from distances;

-- ---- Another wallet that is ahead ---------------------------------------------------------------

create function pg_temp.meet(number integer, distance interval) returns setof text language plpgsql as $$
begin
    perform pg_temp.limited(number, 14);
    update remit.wallets set updated_at = now() + distance where id = pg_temp.id(13);
    perform pg_temp.outcomes(pg_temp.request(number + 1000, 13, number, 1));
    return next is((select updated_at from remit.wallets where id = pg_temp.id(number)), now() + distance, 'a moment spreads, ' || distance);
    return next is(pg_temp.spend(number, 41, 14), 'limit_exceeded', 'but brings no new day');
    return next is(pg_temp.spend(number, 40, 14), 'posted', 'nor does it take of the day');
end;
$$;
select pg_temp.meet(300 + number, distance) from distances;

-- ---- Set back, and put right later --------------------------------------------------------------

create function pg_temp.set_back(number integer, distance interval) returns setof text language plpgsql as $$
declare
    entries_before constant bigint := (select count(*) from remit.entries);
begin
    perform pg_temp.limited(number);
    perform pg_temp.set_clock(-distance);
    return next is(pg_temp.spend(number, 41), 'limit_exceeded', 'set back ' || distance || ': what was spent counts');
    return next is(pg_temp.spend(number, 40), 'posted', 'and the rest may be spent');
    return next is((remit_v1.wallet_limits_get(1, pg_temp.id(number))).daily_spent, 100::bigint, 'which the limits tell');
    perform remit_ops_v1.wallet_freeze(1, pg_temp.id(number), 'a test');
    perform remit_ops_v1.wallet_unfreeze(1, pg_temp.id(number), 'a test');
    return next is_empty('select * from remit_ops_v1.verify() where rule not in (''event_has_the_time_of_its_transfer'', ''wallet_is_as_the_log_says'')', 'no entry goes back in time');
    return next is((select count(*) from remit.wallets w where w.updated_at < (
        select max(e.created_at) from remit.entries e where e.wallet_id = w.id)), 0::bigint, 'nor a wallet');
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(number), null, null, 'a test');
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(number), null, 100, 'a test');
    return next is(pg_temp.spend(number, 1), 'limit_exceeded', 'a limit that is set anew counts it too');
    perform pg_temp.set_clock(distance);
    return next is(pg_temp.spend(number, 1), 'limit_exceeded', 'put right: what was spent meanwhile counts');
end;
$$;
select pg_temp.set_back(100 + number, distance) from distances;

-- ---- Set ahead, and put right later -------------------------------------------------------------

create function pg_temp.set_ahead(number integer, distance interval) returns setof text language plpgsql as $$
begin
    perform pg_temp.limited(number);
    perform pg_temp.set_clock(distance);
    perform pg_temp.spend(number, 20);
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(number), 1000, 100, 'a test');
    perform pg_temp.spend(number, 20);
    perform pg_temp.set_clock(-distance);
    return next is(pg_temp.spend(number, 1), 'limit_exceeded', 'ahead for ' || distance || ': what was spent before counts');
end;
$$;
select pg_temp.set_ahead(200 + number, distance) from distances;

select is((select count(*) from remit.wallets w where w.daily_max is not null), 12::bigint, 'all of them have a limit');
select is((select count(*) from remit.spending where hour > remit.hour_number(now()) + 9600), 0::bigint, 'nothing is counted later than it was spent');
select is_empty($$ select * from remit_ops_v1.verify() where rule not in ('event_has_the_time_of_its_transfer', 'wallet_is_as_the_log_says') $$, 'the books are right');

select * from finish();
rollback;
