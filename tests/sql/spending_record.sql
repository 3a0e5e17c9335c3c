begin;
select plan(4);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12, 100);
insert into remit.spending values (1, pg_temp.id(11), remit.hour_number(now()) - 25, 7), (1, pg_temp.id(11), remit.hour_number(now()) - 24, 8);
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
select is(pg_temp.spent(), '11: 8, 11: 7', 'what left a limited wallet is counted, what counts no more is forgotten');
select pg_temp.record('{posted,insufficient_funds,posted}', '{f,f,f}');
select is(pg_temp.spent(), '11: 8, 11: 10', 'what was posted, no more');
select pg_temp.record('{posted,posted,posted}', '{t,f,f}');
select is(pg_temp.spent(), '11: 8, 11: 14', 'and not what was posted before');
select pg_temp.record('{wallet_busy,invalid_field,posted}', '{f,f,f}');
select is(pg_temp.spent(), '11: 8, 11: 14', 'nor what was not decided');

select * from finish();
rollback;
