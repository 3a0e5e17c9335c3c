begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12, 100);
select is(pg_temp.told(pg_temp.hold(101, 11, 10, expires_in => 600), pg_temp.hold(102, 11, 20, expires_in => 700), pg_temp.hold(103, 11, 30, expires_in => 900), pg_temp.hold(104, 12, 5, expires_in => 600)),
          '{posted,posted,posted,posted}', 'four holds');
do $$ begin perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), null, 100, 'a test'); end; $$;
select pg_temp.end_hold(101, 102);
create temporary table locked as select l.* from remit.wallets_lock(1, (array[pg_temp.request(1, 11, 12, 1)], null, null, null, null, null)::remit.admission) l;
select results_eq('select helds, versions, array(select w.floor from unnest(wallets) w), spents from locked', $$ values ('{30,5}'::bigint[], '{6,2}'::bigint[], '{30,5}'::bigint[], '{30,null}'::bigint[]) $$,
    'what has expired is held no more, at versions of its own, and counts no more');
select results_eq($$ select pg_temp.number(h.id), h.is_open, h.closed_by::text, h.version from locked l, unnest(l.holds) h order by 1 $$,
    $$ values (101, false, 'expiry', 5::bigint), (102, false, 'expiry', 6) $$, 'the holds are closed');
select results_eq($$ select d.id, d.outcome::text, d.amount, d.source_version, d.source_balance, d.moved, d.exposed from locked l, unnest(l.expired) d $$,
    $$ values (remit.expiry_id(pg_temp.id(101)), 'posted', 10::bigint, 5::bigint, 100::bigint, 0::bigint, -10::bigint), (remit.expiry_id(pg_temp.id(102)), 'posted', 20, 6, 100, 0, -20) $$,
    'each has its row, in order of their ends');
select ok(l.held_untils[1] = h.expires_at, 'the first that ends is the next') from locked l, remit.holds h where h.id = pg_temp.id(103);
select is(array[pg_temp.held(11), pg_temp.held(12)], '{100 - 60 at 4,100 - 5 at 2}', 'nothing is written');

select is(remit_worker_v1.holds_expire(1000), 2::bigint, 'the sweeper writes the same');
select is(array[pg_temp.held(11), pg_temp.held(12)], '{100 - 30 at 6,100 - 5 at 2}', 'and nothing else');
select is(remit_worker_v1.holds_expire(1000), 0::bigint, 'once');
select is(pg_temp.refusal('select remit_worker_v1.holds_expire(1001)'), 'WL001 request_limit', 'at most 1,000 a call');

select * from finish();
rollback;
