begin;
select plan(8);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12, 100);
insert into remit.spending values (1, pg_temp.id(11), remit.hour_number(now()) - 24, 8);
create function pg_temp.record(outcomes remit_v1.transfer_outcome[], replays boolean[]) returns void language sql as $$
    select remit.spending_record(1, now(),
        array(
            select (d.outcome, null, d.replayed, pg_temp.id(100 + d.place::integer), pg_temp.id(d.source_number), pg_temp.id(d.target_number),
                    d.amount, 'USD', null, null, null, null, null, '{}', null, now(), d.source_number - 10, d.target_number - 10, null
                   )::remit.transfer_draft
              from unnest(outcomes, replays, '{11,11,12}'::integer[], '{12,12,11}'::integer[], '{3,4,5}'::bigint[]) with ordinality
                   as d (outcome, replayed, source_number, target_number, amount, place)),
        array[(null, pg_temp.id(11), 'USD', 0, 1, false, null, 1000)::remit.locked_wallet,
              (null, pg_temp.id(12), 'USD', 0, 1, false, null, null)::remit.locked_wallet]);
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

-- ---- A clock that is wrong for a while ----------------------------------------------------------

update remit.spending set hour = hour + 9600;
select pg_temp.record('{posted,posted,posted}', '{f,f,f}');
select is(pg_temp.spent(), '11: 8, 11: 21', 'nothing is counted before the latest hour');
delete from remit.spending;
insert into remit.spending select 1, pg_temp.id(11), remit.hour_number(now()) - 9600 - h, h from generate_series(1, 99) h;
insert into remit.spending select 1, pg_temp.id(12), remit.hour_number(now()) - 9600 - h, h from generate_series(1, 200) h;
select pg_temp.record('{posted,posted,posted}', '{f,f,f}');
select is((select count(*) from remit.spending where wallet_id = pg_temp.id(11)), 100::bigint, 'a hundred hours are kept, however old');
insert into remit.spending values (1, pg_temp.id(11), remit.hour_number(now()) - 9700, 1);
select pg_temp.record('{posted,posted,posted}', '{f,f,f}');
select is((select array[min(hour) - remit.hour_number(now()) + 9600, count(*)] from remit.spending where wallet_id = pg_temp.id(11)),
          array[-99, 100]::bigint[], 'one more, and the oldest is forgotten');
select is((select count(*) from remit.spending where wallet_id = pg_temp.id(12)), 200::bigint, 'another wallet''s stay');

select * from finish();
rollback;
