begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

-- Groups: all legs or none, through transfers_post.

create function pg_temp.group_of(group_number integer, variadic items pg_temp.item[]) returns text[] language sql as $$
    select pg_temp.tell(pg_temp.legs(group_number, variadic items));
$$;
create function pg_temp.states(variadic numbers integer[]) returns text[] language sql as $$
    select array_agg(pg_temp.held(n) order by place) from unnest(numbers) with ordinality as i (n, place);
$$;
-- How much is written, and told.
create function pg_temp.counts() returns text language sql as $$
    select concat_ws(' ', pg_temp.journal_count(), pg_temp.event_count(), (select count(*) from remit.holds), (select count(*) from remit.reversed_transfers),
                     (select sum(amount) from remit.spending));
$$;

-- ---- All ----------------------------------------------------------------------------------------

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select pg_temp.wallet(13);
select pg_temp.wallet(14, 50, currency => 'EUR');
select pg_temp.wallet(15, 0, currency => 'EUR');
create temporary table made as select * from pg_temp.post_items(pg_temp.legs(101, pg_temp.pay(1, 11, 12, 90), pg_temp.pay(2, 12, 13, 10), pg_temp.pay(3, 14, 15, 7)));
select results_eq(
    $$ select outcome::text, source_version, source_balance, target_version, target_balance, (terms).group_place, (terms).group_size, pg_temp.number((terms).group_id) from made $$,
    $$ values ('posted', 2::bigint, 10::bigint, 1::bigint, 90::bigint, 1, 3, 101), ('posted', 2, 80, 1, 10, 2, 3, 101), ('posted', 2, 43, 1, 7, 3, 3, 101) $$,
    'a group is posted, each leg upon the ones before it, in any currencies');
select results_eq('select id from made', $$ select remit_v1.leg_id(pg_temp.id(101), p) from generate_series(1, 3) p $$, 'ids of legs follow from the group''s');
select results_eq('select t.id from remit.transfers t, made m where t.id = m.id and t.amount = m.amount', 'select id from made', 'each leg is a row');
select is((select array_agg(o.type::text) from pg_temp.waiting o, made m where o.subject_id = m.id), '{transfer.posted,transfer.posted,transfer.posted}', 'and an event');
select is(pg_temp.group_of(102, pg_temp.hold(1, 11, 10, 12), pg_temp.item(2, null, null, 4, 'capture', remit_v1.leg_id(pg_temp.id(102), 1), is_final => false),
                           pg_temp.item(3, null, null, null, 'release', remit_v1.leg_id(pg_temp.id(102), 1))), '{posted,posted,posted}', 'legs are holds and captures too');
select is(pg_temp.group_of(103, pg_temp.pay(1, 13, 12, 5), pg_temp.item(2, null, null, null, 'reversal', remit_v1.leg_id(pg_temp.id(103), 1))), '{posted,posted}', 'and reversals, of one another');
select is(pg_temp.states(11, 12, 13), '{6 - 0 at 5,84 - 0 at 5,10 - 0 at 3}', 'the wallets are as they should be');

-- ---- Or none ------------------------------------------------------------------------------------

-- What fails, with the outcome that it has; what is undone is of every kind.
select pg_temp.wallet(21, 1000);
select pg_temp.wallet(22, 1000);
select pg_temp.wallet(23, 1000);
select pg_temp.wallet(24, 10);
select pg_temp.wallet(25, 9007199254600000);
select pg_temp.wallet(27, floor => null);
select pg_temp.wallet(26, 100);
do $$
begin
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(23), 500, 600, 'a test');
    perform remit_ops_v1.wallet_freeze(1, pg_temp.id(26), 'a test');
end;
$$;
select is(pg_temp.told(pg_temp.hold(201, 21, 100, 22, expires_in => 600), pg_temp.hold(202, 21, 100, 22), pg_temp.hold(203, 21, 100, 22, expires_in => 900), pg_temp.pay(204, 21, 22, 50),
                       pg_temp.hold(205, 21, 5), pg_temp.release(206, 205)), '{posted,posted,posted,posted,posted,posted}', 'before the groups');
create temporary table states_before as
    select pg_temp.states(21, 22, 23, 24, 25, 26, 27) as states, array(select to_jsonb(h) from remit.holds h order by h.id) as holds, array(select to_jsonb(w) from remit.wallets w order by w.id) as wallets;
create temporary table failures (number integer, item pg_temp.item, outcome text, is_stored boolean);
insert into failures values
    (301, pg_temp.pay(1, 24, 22, 11), 'insufficient_funds', true), (302, pg_temp.hold(1, 24, 11), 'insufficient_funds', true),
    (303, pg_temp.pay(1, 26, 22, 1), 'wallet_frozen', true), (304, pg_temp.pay(1, 14, 22, 1), 'currency_mismatch', true),
    (305, pg_temp.pay(1, 23, 22, 501), 'limit_exceeded', true), (306, pg_temp.pay(1, 23, 22, 300), 'limit_exceeded', true),
    (308, pg_temp.pay(1, 27, 25, 141000), 'balance_limit_exceeded', true),
    (309, pg_temp.capture(1, 205, 22), 'hold_closed', true), (310, pg_temp.capture(1, 202, amount => 101), 'hold_exceeded', true),
    (311, pg_temp.reverse(1, 206), 'not_reversible', true), (312, pg_temp.reverse(1, 204, 51), 'reversal_exceeded', true),
    (313, pg_temp.pay(1, 21, 22, 1, source_version => 1), 'condition_failed', true),
    (314, pg_temp.pay(1, 21, 22, 0), 'invalid_field amount', false), (315, pg_temp.pay(1, 99, 22, 1), 'wallet_not_found source_id', false),
    (316, pg_temp.pay(1, 21, 99, 1), 'wallet_not_found target_id', false), (317, pg_temp.pay(1, 21, 21, 1), 'same_wallet target_id', false),
    (318, pg_temp.release(1, 299), 'hold_not_found subject_id', false), (319, pg_temp.reverse(1, 299), 'transfer_not_found subject_id', false),
    (320, pg_temp.capture(1, 202, 23), 'invalid_field target_id', false), (321, pg_temp.adjust(1, 202, expires_at => now()), 'invalid_field expires_at', false);

-- A group whose leg at a place fails: around it one leg of every kind.
create function pg_temp.failing(number integer, item pg_temp.item, at_place integer) returns pg_temp.item[] language sql as $$
    with others (place, item) as (values
        (1, pg_temp.pay(1, 21, 22, 10)), (2, pg_temp.hold(1, 21, 20, 22, expires_in => 60)),
        (3, pg_temp.item(1, null, null, 5, 'capture', remit_v1.leg_id(pg_temp.id(number), case when at_place <= 2 then 3 else 2 end), is_final => false)),
        (4, pg_temp.capture(1, 201, amount => 30, is_final => false)), (5, pg_temp.adjust(1, 202, 110)), (6, pg_temp.release(1, 203)),
        (7, pg_temp.reverse(1, 204, 20)), (8, pg_temp.pay(1, 23, 21, 400)), (9, pg_temp.capture(1, 201)))
    select pg_temp.legs(number, variadic array(
        select i.item from (select o.place, o.item from others o union all select at_place - 0.5, failing.item) as i (place, item) order by i.place));
$$;
create function pg_temp.expected(outcome text, is_stored boolean, at_place integer) returns text[] language sql as $$
    select array_agg(case when p = at_place then outcome when is_stored then 'group_refused' else split_part(outcome, ' ', 1) end order by p) from generate_series(1, 10) p;
$$;
create function pg_temp.undone(number integer, item pg_temp.item, outcome text, is_stored boolean, at_place integer) returns setof text language plpgsql as $$
declare
    counts constant text := pg_temp.counts();
    told constant text[] := pg_temp.tell(pg_temp.failing(number * 100 + at_place, item, at_place));
begin
    return next is(told, pg_temp.expected(outcome, is_stored, at_place), format('leg %s fails: %s', at_place, outcome));
    return next ok(not exists (select from remit.wallets w, states_before b where to_jsonb(w) <> all (b.wallets)) and b.holds = array(select to_jsonb(h) from remit.holds h order by h.id)
                   and (is_stored or pg_temp.counts() = counts), 'and nothing has happened') from states_before b;
    if is_stored then
        return next is(pg_temp.tell(pg_temp.failing(number * 100 + at_place, item, at_place)),
                       array(select e || ' replayed' from unnest(pg_temp.expected(outcome, true, at_place)) with ordinality as u (e, p) order by p), 'it is told again');
    end if;
end;
$$;
select pg_temp.undone(f.number, f.item, f.outcome, f.is_stored, p) from failures f, unnest(array[1, 5, 10]) p
 -- What the legs before it would have changed is not what it fails for.
 where not (f.number = 306 and p < 10) and not (f.number = 305 and p = 10) and not (f.number = 312 and p > 7)
   and not (f.number = 310 and p > 5);
select is((select count(*) from remit.transfers t where t.outcome = 'group_refused' and t.source_version is null and t.effect is null), 
          (select count(*) from remit.transfers t where t.outcome = 'group_refused'), 'a leg that was refused has no version');
select is(pg_temp.tell(pg_temp.failing(400, pg_temp.pay(1, 21, 22, 1), 5)), array_fill('posted'::text, array[10]), 'the same group without a failure is posted');
select is_empty('select * from remit_ops_v1.verify()', 'the books are right');

-- ---- One wallet, many times; neighbours ---------------------------------------------------------

select pg_temp.wallet(31, 100);
select pg_temp.wallet(32, 100);
select is(pg_temp.tell(array[pg_temp.pay(501, 31, 32, 10)]
                       || pg_temp.legs(502, pg_temp.pay(1, 31, 32, 5), pg_temp.pay(2, 32, 31, 3), pg_temp.hold(3, 31, 1), pg_temp.pay(4, 31, 32, 9999))
                       || array[pg_temp.pay(503, 31, 32, 10)]
                       || pg_temp.legs(504, pg_temp.pay(1, 31, 32, 1), pg_temp.pay(2, 31, 32, 1))
                       || array[pg_temp.hold(505, 31, 7)]),
          '{posted,group_refused,group_refused,group_refused,insufficient_funds,posted,posted,posted,posted}', 'a group that touches a wallet four times is refused among neighbours');
select is((select array_agg(t.source_version order by t.source_version) from remit.transfers t where t.source_id = pg_temp.id(31) and t.outcome = 'posted'), '{2,3,4,5,6}', 'whose versions are dense');
select is(pg_temp.states(31, 32), '{78 - 7 at 6,122 - 0 at 5}', 'the wallets are as if it had not been');
select is(pg_temp.tell(pg_temp.legs(506, pg_temp.pay(1, 31, 32, 1), pg_temp.pay(2, 31, 32, 9999)) || pg_temp.legs(507, pg_temp.pay(1, 31, 32, 1), pg_temp.pay(2, 31, 32, 1))
                       || pg_temp.legs(508, pg_temp.pay(1, 31, 99, 1), pg_temp.pay(2, 31, 32, 1))),
          '{group_refused,insufficient_funds,posted,posted,"wallet_not_found target_id",wallet_not_found}', 'each group of a call has its own fate');
select is(pg_temp.told(pg_temp.item(509, null, 32, 1, 'capture', remit_v1.leg_id(pg_temp.id(502), 3))), '{"hold_not_found subject_id"}', 'a hold that was undone is none');
select is(pg_temp.told(pg_temp.item(510, null, null, 1, 'reversal', remit_v1.leg_id(pg_temp.id(502), 1))), '{not_reversible}', 'nor is a leg a transfer');
-- A wallet with a hold that has expired: what was written for that stays.
select pg_temp.wallet(33, 100);
select is(pg_temp.told(pg_temp.hold(511, 33, 60, expires_in => 600)), '{posted}', 'a hold');
select pg_temp.end_hold(511);
select is(pg_temp.group_of(512, pg_temp.pay(1, 33, 32, 100), pg_temp.pay(2, 33, 32, 1)), '{group_refused,insufficient_funds}', 'a group finds it expired, and is refused');
select is(pg_temp.states(33), '{100 - 0 at 3}', 'the expiry stays');
-- A limit.
select pg_temp.wallet(34, 100);
do $$ begin perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(34), null, 50, 'a test'); end; $$;
select is(pg_temp.tell(pg_temp.legs(513, pg_temp.pay(1, 34, 32, 30), pg_temp.pay(2, 34, 32, 30)) || array[pg_temp.pay(514, 34, 32, 50)]), '{group_refused,limit_exceeded,posted}',
          'what was undone is not spent');

-- ---- Reasons that are not stored ----------------------------------------------------------------

select is(pg_temp.group_of(601, pg_temp.pay(1, 31, 32, 9999), pg_temp.pay(2, 31, 99, 1)), '{wallet_not_found,"wallet_not_found target_id"}', 'one that is not stored goes before one that is');
select is(pg_temp.group_of(601, pg_temp.pay(1, 31, 32, 9999), pg_temp.hold(2, 31, 1, expires_at => now())), '{invalid_field,"invalid_field expires_at"}', 'whatever it is');
select is(pg_temp.group_of(601, pg_temp.pay(1, 31, 99, 1), pg_temp.pay(2, 31, 32, 0)), '{"wallet_not_found target_id",wallet_not_found}', 'of two such the first counts');
select is(pg_temp.group_of(601, pg_temp.pay(1, 31, 32, 1), pg_temp.pay(2, 31, 32, 1)), '{posted,posted}', 'its id is still free');
select pg_temp.wallet(35, 100000);
select is((select count(*) from pg_temp.post_items(array(select pg_temp.hold(n, 35, 10, expires_in => 600) from generate_series(5000, 5999) n)) r where r.outcome = 'posted'), 1000::bigint, 'a thousand holds');
select is((select count(*) from pg_temp.post_items(array(select pg_temp.hold(n, 35, 10, expires_in => 600) from generate_series(6000, 6009) n)) r where r.outcome = 'posted'), 10::bigint, 'and ten');
do $$ begin perform pg_temp.end_hold(variadic array(select generate_series(5000, 5999) union select generate_series(6000, 6009))); end; $$;
create temporary table busy as
    select pg_temp.group_of(603, pg_temp.pay(1, 31, 32, 1), pg_temp.pay(2, 35, 32, 1), pg_temp.pay(3, 32, 31, 1)) as told;
select is(told, '{wallet_busy,"wallet_busy source_id",wallet_busy}', 'a group with a busy leg') from busy;
select is((select count(*) from remit.transfers t where (t.terms).group_id = pg_temp.id(603)), 0::bigint, 'stores nothing');
select is(pg_temp.group_of(603, pg_temp.pay(1, 31, 32, 1), pg_temp.pay(2, 35, 32, 1), pg_temp.pay(3, 32, 31, 1)), '{posted,posted,posted}', 'and is posted when it comes again');

-- ---- Replays ------------------------------------------------------------------------------------

select results_eq(
    $$ select to_jsonb(r) from pg_temp.post_items(pg_temp.legs(101, pg_temp.pay(1, 11, 12, 90), pg_temp.pay(2, 12, 13, 10), pg_temp.pay(3, 14, 15, 7))) r $$,
    $$ select to_jsonb(m) || '{"replayed": true}' from made m $$, 'a group is told again as it was');
create temporary table counts as select pg_temp.counts() as counts, pg_temp.states(11, 12, 13, 14, 15) as states;
select is(pg_temp.group_of(101, variadic items), array_fill('idempotency_key_reused'::text, array[cardinality(items)]), 'its id is taken for ' || description)
  from (values (array[pg_temp.pay(1, 11, 12, 91), pg_temp.pay(2, 12, 13, 10), pg_temp.pay(3, 14, 15, 7)], 'another first leg'),
               (array[pg_temp.pay(1, 11, 12, 90), pg_temp.pay(2, 12, 13, 11), pg_temp.pay(3, 14, 15, 7)], 'another leg'),
               (array[pg_temp.pay(1, 11, 12, 90), pg_temp.pay(2, 12, 13, 10), pg_temp.pay(3, 14, 15, 8)], 'another last leg'),
               (array[pg_temp.pay(2, 12, 13, 10), pg_temp.pay(1, 11, 12, 90), pg_temp.pay(3, 14, 15, 7)], 'another order'),
               (array[pg_temp.pay(1, 11, 12, 90), pg_temp.pay(2, 12, 13, 10)], 'fewer'),
               (array[pg_temp.pay(1, 11, 12, 90), pg_temp.pay(2, 12, 13, 10), pg_temp.pay(3, 14, 15, 7), pg_temp.pay(3, 12, 13, 1)], 'more')) as c (items, description);
select results_eq('select pg_temp.counts(), pg_temp.states(11, 12, 13, 14, 15)', 'select * from counts', 'nothing of it has happened');
-- A leg's id that was posted alone.
select is((select r.outcome::text from remit_v1.transfers_post(1, array[(remit_v1.leg_id(pg_temp.id(700 + p), p), pg_temp.id(31), pg_temp.id(32), 1, null, null, null, null)::remit_v1.transfer_request]) r),
          'posted', 'the id of leg ' || p || ' is used before its group') from generate_series(1, 3) p;
create temporary table alone as select pg_temp.counts() as counts, pg_temp.states(31, 32) as states;
select is(pg_temp.group_of(700 + p, pg_temp.pay(1, 31, 32, 1), pg_temp.pay(2, 31, 32, 1), pg_temp.pay(3, 31, 32, 1)),
          '{idempotency_key_reused,idempotency_key_reused,idempotency_key_reused}', 'which is then none') from generate_series(1, 3) p;
select results_eq('select pg_temp.counts(), pg_temp.states(31, 32)', 'select * from alone', 'and leaves nothing');

-- ---- A thousand; calls that are none ------------------------------------------------------------

select pg_temp.wallet(41, 1000);
create temporary table thousand as
    select pg_temp.legs(801, variadic array(select pg_temp.pay(n, 41, 32, 1) from generate_series(1, 999) n) || pg_temp.pay(1000, 41, 32, amount)) as items, amount from unnest(array[2, 1]) amount;
select is((select array[count(*) filter (where r.outcome = 'group_refused'), count(*) filter (where r.outcome = 'insufficient_funds')] from thousand t, pg_temp.post_items(t.items) r where t.amount = 2),
          '{999,1}', 'a thousand legs are refused');
select is(pg_temp.states(41), '{1000 - 0 at 1}', 'to the last');
select is((select count(*) from thousand t, pg_temp.post_items(pg_temp.legs(802, variadic t.items)) r where t.amount = 1 and r.outcome = 'posted'), 1000::bigint, 'or posted');
select is(pg_temp.states(41), '{0 - 0 at 1001}', 'to the last');
create function pg_temp.refused(items pg_temp.item[]) returns text language plpgsql as $$
begin
    perform pg_temp.tell(items);
    return 'accepted';
exception when others then
    return sqlstate;
end;
$$;
select is(pg_temp.refused(items), 'WL001', description || ' is no group')
  from (values (array[pg_temp.leg(pg_temp.pay(1, 31, 32, 1), 901, 1, 1)], 'one leg'),
               (array[pg_temp.leg(pg_temp.pay(1, 31, 32, 1), 901, 1, 2)], 'half of one'),
               (array[pg_temp.leg(pg_temp.pay(1, 31, 32, 1), 901, 1, 3), pg_temp.leg(pg_temp.pay(2, 31, 32, 1), 901, 2, 3)], 'a part'),
               (array[pg_temp.leg(pg_temp.pay(1, 31, 32, 1), 901, 2, 2), pg_temp.leg(pg_temp.pay(2, 31, 32, 1), 901, 1, 2)], 'another order'),
               (array[pg_temp.leg(pg_temp.pay(1, 31, 32, 1), 901, 1, 2), pg_temp.leg(pg_temp.pay(2, 31, 32, 1), 901, 1, 2)], 'a leg twice'),
               (array[pg_temp.leg(pg_temp.pay(1, 31, 32, 1), 901, 0, 2), pg_temp.leg(pg_temp.pay(2, 31, 32, 1), 901, 1, 2)], 'a leg before the first'),
               (array[pg_temp.leg(pg_temp.pay(1, 31, 32, 1), 901, 1, 2), pg_temp.leg(pg_temp.pay(2, 31, 32, 1), 901, null, 2)], 'a leg without a place'),
               (array[pg_temp.leg(pg_temp.pay(1, 31, 32, 1), 901, 1, 2), pg_temp.leg(pg_temp.pay(2, 31, 32, 1), 901, 2, null)], 'one without a size'),
               (array[pg_temp.leg(pg_temp.pay(1, 31, 32, 1), null, 1, 2), pg_temp.leg(pg_temp.pay(2, 31, 32, 1), null, 2, 2)], 'one without an id'),
               (array[pg_temp.leg(pg_temp.pay(1, 31, 32, 1), 901, 1, 2), pg_temp.pay(3, 31, 32, 1), pg_temp.leg(pg_temp.pay(2, 31, 32, 1), 901, 2, 2)], 'one with another between'),
               (pg_temp.legs(901, pg_temp.pay(1, 31, 32, 1), pg_temp.pay(2, 31, 32, 1)) || pg_temp.legs(901, pg_temp.pay(1, 31, 32, 1), pg_temp.pay(2, 31, 32, 1)), 'one twice')) as c (items, description);
select pg_temp.key('one', 'service') \g /dev/null
select pg_temp.key('two', 'service') \g /dev/null
select is(pg_temp.refusal($$ select remit_v1.transfers_post(1, array[pg_temp.request(1, 31, 32, 1), pg_temp.request(2, 31, 32, 1)], array[sha256('one'), sha256('two')],
    array(select (i).terms from unnest(pg_temp.legs(901, pg_temp.pay(1, 31, 32, 1), pg_temp.pay(2, 31, 32, 1))) i)) $$), 'WL001 terms', 'two callers have no group together');

-- ---- Users --------------------------------------------------------------------------------------

do $$
begin
    perform remit_v1.user_create(1, (pg_temp.id(2), 'Grace', null, null, null)::remit_v1.user_request);
    perform remit_v1.wallet_create(1, (pg_temp.id(72), pg_temp.id(2), 'USD', 100, 0, null, null, null)::remit_v1.wallet_request);
end;
$$;
select pg_temp.key('own', 'user', 1) \g /dev/null
select pg_temp.key('foreign', 'user', 2) \g /dev/null
select is(pg_temp.told_by('own', variadic pg_temp.legs(951, pg_temp.pay(1, 31, 72, 1), pg_temp.pay(2, 31, 32, 1))), '{posted,posted}', 'a user has groups');
select is(pg_temp.told_by('own', variadic pg_temp.legs(951, pg_temp.pay(1, 31, 72, 1), pg_temp.pay(2, 31, 32, 1))), '{"posted replayed","posted replayed"}', 'that replay');
select is(pg_temp.told_by('foreign', variadic pg_temp.legs(951, pg_temp.pay(1, 72, 31, 1), pg_temp.pay(2, 72, 32, 1))), '{posted,posted}', 'two users'' equal keys are two groups');
select is(pg_temp.told_by('own', variadic pg_temp.legs(952, pg_temp.pay(1, 31, 72, 1), pg_temp.pay(2, 72, 32, 1))), '{wallet_not_found,"wallet_not_found source_id"}',
          'a leg that it may not do makes the group none');
select is(pg_temp.told_by('own', variadic pg_temp.legs(953, pg_temp.pay(1, 31, 72, 1), pg_temp.release(2, 202))), '{forbidden,forbidden}', 'so does one that is not its business');
select is((select count(*) from remit.transfers t where (t.terms).group_id in (remit.user_transfer_id(pg_temp.id(1), pg_temp.id(952)), remit.user_transfer_id(pg_temp.id(1), pg_temp.id(953)))),
          0::bigint, 'of which nothing is stored');
select is_empty('select * from remit_ops_v1.verify()', 'the books are right');

select * from finish();
rollback;
