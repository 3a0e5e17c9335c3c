begin;
select plan(14);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12, 100);
insert into remit.spending values (1, pg_temp.id(11), remit.hour_number(now()) - 24, 8, 1);
create function pg_temp.record(
    outcomes remit_v1.transfer_outcome[], replays boolean[], clock timestamptz default now(),
    kinds remit_v1.transfer_kind[] default null) returns void language sql as $$
    select remit.spending_record(1, clock,
        array(
            select (d.outcome, null, d.replayed, pg_temp.id(100 + d.place::integer), pg_temp.id(d.source_number), pg_temp.id(d.target_number),
                    d.amount, 'USD', 9 + d.place, null, null, null, null, '{}', null, now(), d.source_number - 10, d.target_number - 10, null,
                    case when kinds is not null then (kinds[d.place], null, null, null, null, null, null, null, null, null, null, null, null)::remit_v1.transfer_terms end,
                    null, null, case when kinds[d.place] in ('hold', 'release') then 0 else d.amount end, d.amount, d.amount, null
                   )::remit.transfer_draft
              from unnest(outcomes, replays, '{11,11,12}'::integer[], '{12,12,11}'::integer[], '{3,4,5}'::bigint[]) with ordinality
                   as d (outcome, replayed, source_number, target_number, amount, place)),
        array[(null, pg_temp.id(11), 'USD', 0, 1, false, null, 1000, 0, null)::remit.locked_wallet,
              (null, pg_temp.id(12), 'USD', 0, 1, false, null, null, 0, null)::remit.locked_wallet]);
$$;
create function pg_temp.spent() returns text language sql as $$
    select string_agg(pg_temp.number(wallet_id) || ': ' || amount, ', ' order by wallet_id, hour) from remit.spending;
$$;
select pg_temp.record('{posted,posted,posted}', '{f,f,f}');
select is(pg_temp.spent(), '11: 8, 11: 7', 'what left a limited wallet is counted');
select pg_temp.record('{posted,insufficient_funds,posted}', '{f,f,f}');
select is(pg_temp.spent(), '11: 8, 11: 10', 'what was posted, no more');
select pg_temp.record('{posted,posted,posted}', '{t,f,f}');
select is(pg_temp.spent(), '11: 8, 11: 14', 'and not what was posted before');
select pg_temp.record('{wallet_busy,invalid_field,posted}', '{f,f,f}');
select is(pg_temp.spent(), '11: 8, 11: 14', 'nor what was not decided');
select pg_temp.record('{posted,posted,posted}', '{f,f,f}', kinds => '{hold,reversal,null}');
select is(pg_temp.spent(), '11: 8, 11: 14', 'nor what is held, or goes back');
select pg_temp.record('{posted,posted,posted}', '{f,f,f}', kinds => '{capture,release,null}');
select is(pg_temp.spent(), '11: 8, 11: 17', 'a capture counts');

-- ---- A clock that is wrong for a while ----------------------------------------------------------

update remit.spending set hour = hour + 9600;
select pg_temp.record('{posted,posted,posted}', '{f,f,f}');
select is(pg_temp.spent(), '11: 8, 11: 24', 'nothing is counted before the latest hour');
delete from remit.spending;
create function pg_temp.hours() returns text language sql as $$
    select string_agg(hour - remit.hour_number(now()) || case when was_behind then ' behind' else '' end, ', ' order by hour) from remit.spending;
$$;
select pg_temp.record('{posted,posted,posted}', '{f,f,f}', now() + interval '2 hours');
select is(pg_temp.hours(), '0', 'a call that took long counts when its moment was');
delete from remit.spending;
select pg_temp.record('{posted,posted,posted}', '{f,f,f}', now() - interval '2 hours');
select is(pg_temp.hours(), '-2 behind', 'and one whose moment is ahead when the clock says, which the row tells');
delete from remit.spending;
-- The clock runs ahead: each hour has its amount.
insert into remit.spending select 1, pg_temp.id(11), remit.hour_number(now()) - 9600 - h, h, 1000 - h from generate_series(1, 99) h;
insert into remit.spending select 1, pg_temp.id(12), remit.hour_number(now()) - 9600 - h, h, 1000 - h from generate_series(1, 200) h;
create temporary table spent_before as select sum(amount) as amount from remit.spending where wallet_id = pg_temp.id(11);
select pg_temp.record('{posted,posted,posted}', '{f,f,f}');
select is((select count(*) from remit.spending where wallet_id = pg_temp.id(11)), 100::bigint, 'a hundred hours are kept, however old');
insert into remit.spending values (1, pg_temp.id(11), remit.hour_number(now()) - 9700, 3000, 1);
select pg_temp.record('{posted,posted,posted}', '{f,f,f}');
select results_eq(
    $$ select hour - remit.hour_number(now()) + 9600, amount::bigint, version_first from remit.spending where wallet_id = pg_temp.id(11) order by hour limit 1 $$,
    $$ values (-99::bigint, 3099::bigint, 1::bigint) $$, 'what is older counts with the oldest of them');
select is((select s.sum - b.amount from (select sum(amount) from remit.spending where wallet_id = pg_temp.id(11)) s, spent_before b),
          3014::numeric, 'so that nothing is lost');
select is((select count(*) from remit.spending where wallet_id = pg_temp.id(12)), 200::bigint, 'another wallet''s stay');
update remit.spending set amount = 9007199254740991 where wallet_id = pg_temp.id(11);
select pg_temp.record('{posted,posted,posted}', '{f,f,f}');
select is((select max(amount) from remit.spending where wallet_id = pg_temp.id(11))::bigint, 9007199254740991, 'a sum ends at the largest limit');

select * from finish();
rollback;
