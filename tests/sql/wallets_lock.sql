begin;
select plan(10);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12, 50, floor => -20);
select pg_temp.wallet(13);
create function pg_temp.lock(reachables boolean[] default null) returns remit.locked_wallets language sql as $$
    select remit.wallets_lock(1, (
        array[pg_temp.request(101, 12, 11, 1), pg_temp.request(102, 11, 12, 1), pg_temp.request(103, 13, 99, 1)],
        null, reachables, null, null, null)::remit.admission);
$$;
create function pg_temp.numbers(ids uuid[]) returns integer[] language sql as $$
    select array_agg(pg_temp.number(i) order by place) from unnest(ids) with ordinality as i (i, place);
$$;

update remit.wallets set held = 30 where id = pg_temp.id(11);
select results_eq(
    $$ select pg_temp.numbers(l.ids), l.balances, l.versions, l.spents from pg_temp.lock() l $$,
    $$ values ('{11,12,13}'::integer[], '{100,50,0}'::bigint[], '{1,1,0}'::bigint[], null::bigint[]) $$,
    'the wallets named are locked, once and in order of id, but for those that are not there');
select results_eq(
    $$ select pg_temp.number(w.id), w.currency, w.floor, w.held, w.version, w.is_frozen from unnest((pg_temp.lock()).wallets) w $$,
    $$ values (11, 'USD', 30::bigint, 30::bigint, 1::bigint, false), (12, 'USD', -20, 0, 1, false), (13, 'USD', 0, 0, 0, false) $$,
    'each with its floor, with what is held on top');
select is((select count(*) from remit.wallets w, unnest((pg_temp.lock()).wallets) l where w.ctid = l.ctid and w.id = l.id), 3::bigint,
          'and a wallet is told where it is');
select is(pg_temp.numbers((pg_temp.lock('{f,f,t}')).ids), '{13}', 'of a source that is out of reach nothing is locked');
select is((pg_temp.lock('{f,f,f}')).ids, null, 'nor where all are');
select ok((pg_temp.lock('{f,f,f}')).moment between now() and clock_timestamp(), 'there is a moment all the same');
update remit.wallets set daily_max = 100 where id = pg_temp.id(12);
insert into remit.spending values (1, pg_temp.id(12), remit.hour_number(now()), 40, 1);
select is((pg_temp.lock()).spents, '{null,40,null}'::bigint[], 'what was spent is known where there is a daily limit');

-- ---- The moment ---------------------------------------------------------------------------------

select ok((pg_temp.lock()).moment between now() and clock_timestamp(), 'the moment is that of the lock');
update remit.wallets set updated_at = now() + interval '400 days' where id = pg_temp.id(12);
select is((pg_temp.lock()).moment, now() + interval '400 days', 'but not before the last change of one of the wallets');
select ok((pg_temp.lock('{f,f,t}')).moment < now() + interval '1 day', 'whatever the others are');

select * from finish();
rollback;
