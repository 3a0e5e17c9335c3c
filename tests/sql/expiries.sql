begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

-- Holds end at their moment, whichever call writes it, and before anything else is decided.

-- ---- Before anyone writes it --------------------------------------------------------------------

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
create temporary table made as select * from pg_temp.post_items(array[
    pg_temp.hold(101, 11, 60, expires_in => 600), pg_temp.hold(102, 11, 10, expires_in => 900), pg_temp.capture(103, 101, 12, 20, is_final => false)]);
select pg_temp.end_hold(101);
create temporary table counts as select pg_temp.journal_count() as journal, pg_temp.event_count() as events;
select is(pg_temp.held(11), '80 - 50 at 4', 'a hold has expired, and its row does not know');
select results_eq(statement, $$ values (80::bigint, 10::bigint, 4::bigint, true) $$, description)
  from (values ($$ select w.balance, w.held, w.version, w.held_until = h.expires_at from remit_v1.wallet_get(1, pg_temp.id(11)) w, remit.holds h where h.id = pg_temp.id(102) $$,
                'the wallet is told without it'),
               ($$ select w.balance, w.held, w.version, w.held_until = h.expires_at from remit_v1.wallets_get(1, array[pg_temp.id(11)]) w, remit.holds h where h.id = pg_temp.id(102) $$,
                'among others too'),
               ($$ select w.balance, w.held, w.version, w.held_until = h.expires_at from remit_v1.wallet_list(1, pg_temp.id(1), null, null, 10) w, remit.holds h
                    where h.id = pg_temp.id(102) and w.id = pg_temp.id(11) $$, 'and in the list of its user')) as c (statement, description);
select is(pg_temp.hold_state(101), 'expired 60 - 20, 0', 'the hold is told as what it is');
select results_eq(format('select pg_temp.number(id), status::text from remit_v1.hold_list(1, pg_temp.id(11), %L::boolean, null, 10)', is_open), expected, 'also in the list: ' || coalesce(is_open::text, 'all'))
  from (values (true, $$ values (102, 'open') $$), (false, $$ values (101, 'expired') $$), (null, $$ values (102, 'open'), (101, 'expired') $$)) as c (is_open, expected);
select results_eq('select pg_temp.journal_count(), pg_temp.event_count()', 'select * from counts', 'nobody has written anything');

-- ---- The call that writes it --------------------------------------------------------------------

select is(pg_temp.outcomes(pg_temp.request(104, 11, 12, 71), pg_temp.request(105, 11, 12, 70)), '{insufficient_funds,posted}', 'what has expired is spent by a call without terms');
select is(array[pg_temp.held(11), pg_temp.hold_state(101)], '{10 - 10 at 6,"expired 60 - 20, 0"}', 'which writes both');
select results_eq(
    $$ select t.outcome::text, t.source_version, t.source_balance, t.target_id, t.target_version, t.amount::bigint, (t.terms).kind::text, pg_temp.number((t.terms).subject_id),
              (t.effect).source_held, (t.effect).hold_amount, (t.effect).hold_captured, (t.effect).hold_remaining, (t.effect).hold_before
         from remit.transfers t where t.id = remit.expiry_id(pg_temp.id(101)) $$,
    $$ values ('posted', 5::bigint, 80::bigint, null::uuid, null::bigint, 40::bigint, 'expiry', 101, 10::bigint, 60::bigint, 20::bigint, 0::bigint, 4::bigint) $$,
    'the expiry is a row: what remained is available again');
select results_eq(
    $$ select o.type::text, o.subject_id from pg_temp.waiting o where o.data is null order by o.number desc limit 3 $$,
    $$ values ('transfer.posted', pg_temp.id(105)), ('transfer.rejected', pg_temp.id(104)), ('hold.expired', remit.expiry_id(pg_temp.id(101))) $$,
    'it is told, and before what came after it');
select is(pg_temp.told(pg_temp.capture(106, 101, 12), pg_temp.adjust(107, 101, expires_in => 600), pg_temp.adjust(108, 101, 70), pg_temp.release(109, 101)),
          '{hold_closed,hold_closed,hold_closed,hold_closed}', 'nothing is done to it any more');
select is((select count(*) from remit.transfers t where (t.terms).kind = 'expiry'), 1::bigint, 'it does not expire twice');
select results_eq(
    $$ select to_jsonb(r) from pg_temp.post_items(array[
           pg_temp.hold(101, 11, 60, expires_in => 600), pg_temp.hold(102, 11, 10, expires_in => 900), pg_temp.capture(103, 101, 12, 20, is_final => false)]) r
        where r.id = pg_temp.id(102) $$,
    $$ select to_jsonb(m) || '{"replayed": true}' from made m where m.id = pg_temp.id(102) $$, 'what was asked before is replayed');

-- ---- A second, as it goes by --------------------------------------------------------------------

select pg_temp.wallet(21, 100);
create temporary table authorised as select * from pg_temp.post_items(array[pg_temp.hold(201, 21, 100, 12, expires_in => 1)]);
select is(pg_temp.told(pg_temp.hold(202, 21, 1)), '{insufficient_funds}', 'all is held');
select pg_sleep(1) \g /dev/null
create temporary table swept as select pg_temp.told(pg_temp.capture(203, 201), pg_temp.hold(204, 21, 100)) as outcomes;
select is(outcomes, '{hold_closed,posted}', 'what has expired unswept is spendable in the same call') from swept;
select results_eq(
    $$ select to_jsonb(r) from pg_temp.post_items(array[pg_temp.hold(201, 21, 100, 12, expires_in => 1)]) r $$,
    $$ select to_jsonb(a) || '{"replayed": true}' from authorised a $$, 'a replayed authorise after its hold expired hears what it heard');
select ok(h.expires_at <= t.created_at and t.created_at = h.updated_at, 'an expiry is not before its time')
  from remit.holds h, remit.transfers t where h.id = pg_temp.id(201) and t.id = remit.expiry_id(h.id);

-- ---- One moment ---------------------------------------------------------------------------------

-- The moment of a call is never before the last change of its wallets, so that says which it is.
select pg_temp.wallet(31, 100);
select is(pg_temp.told(pg_temp.hold(301, 31, 60, 12, expires_in => 600), pg_temp.hold(302, 31, 30, 12, expires_in => 600)), '{posted,posted}', 'two holds');
update remit.wallets w set updated_at = h.expires_at - interval '1 microsecond' from remit.holds h where h.id = pg_temp.id(301) and w.id = h.source_id;
select is(pg_temp.told(pg_temp.capture(303, 301, amount => 20, is_final => false)), '{posted}', 'a microsecond before its end a hold is captured');
update remit.wallets w set updated_at = h.expires_at from remit.holds h where h.id = pg_temp.id(301) and w.id = h.source_id;
select is(pg_temp.told(pg_temp.capture(304, 301), pg_temp.capture(305, 302)), '{hold_closed,hold_closed}', 'at its end it has expired: one of both has won');
select is(array[pg_temp.held(31), pg_temp.hold_state(301), pg_temp.hold_state(302)], '{80 - 0 at 6,"expired 60 - 20, 0","expired 30 - 0, 0"}', 'both end at one moment');
select is((select array_agg(t.source_version order by t.source_version) from remit.transfers t where t.source_id = pg_temp.id(31) and (t.terms).kind = 'expiry'),
          '{5,6}', 'at two versions');
select is((select held_until from remit.wallets where id = pg_temp.id(31)), null, 'and then none ends any more');

-- ---- Many ---------------------------------------------------------------------------------------

select pg_temp.wallet(41, 100000);
select pg_temp.wallet(42, 100000);
create function pg_temp.many(wallet integer, first integer, last integer) returns bigint language sql as $$
    select count(*) from pg_temp.post_items(array(select pg_temp.hold(n, wallet, 10, expires_in => 600) from generate_series(first, last) n)) where outcome = 'posted';
$$;
select is(pg_temp.many(41, 5000, 5999) + pg_temp.many(41, 6000, 6999) + pg_temp.many(41, 7000, 7499), 2500::bigint, 'a wallet has 2,500 holds');
do $$ begin perform pg_temp.end_hold(variadic array(select generate_series(5000, 7499))); end; $$;
select is((remit_v1.wallet_get(1, pg_temp.id(41))).held, 0::bigint, 'all of them have expired');
create function pg_temp.expiries() returns bigint language sql as $$ select count(*) from remit.transfers t where t.source_id = pg_temp.id(41) and (t.terms).kind = 'expiry' $$;
select is(pg_temp.outcomes(pg_temp.request(401, 41, 12, 100000), pg_temp.request(402, 12, 41, 1), pg_temp.request(403, 31, 12, 1)),
          '{"wallet_busy source_id","wallet_busy target_id",posted}', 'a call writes a thousand, and does nothing else to the wallet');
select is(pg_temp.expiries(), 1000::bigint, 'no more');
select is((remit_v1.wallet_get(1, pg_temp.id(41))).held, 0::bigint, 'the wallet is told as it is, half way');
select is(pg_temp.told(pg_temp.hold(404, 41, 100000)), '{"wallet_busy source_id"}', 'the retry goes on');
select is(pg_temp.outcomes(pg_temp.request(401, 41, 12, 100000)), '{posted}', 'until all are written');
select is(array[pg_temp.expiries()::text, pg_temp.held(41)], '{2500,0 - 0 at 5002}', 'each once');
select is(pg_temp.many(42, 8000, 8999) + pg_temp.many(42, 9000, 9999) + pg_temp.many(42, 10000, 10499), 2500::bigint, 'another has 2,500 holds');
do $$ begin perform pg_temp.end_hold(variadic array(select generate_series(8000, 10499))); end; $$;
select is((remit_v1.transfer_create(1, pg_temp.request(405, 42, 12, 100000))).outcome, 'posted', 'transfer_create goes on until all are written');
select is(pg_temp.held(42), '0 - 0 at 5002', 'and then is done');
select pg_temp.wallet(43, 100000);
select is(pg_temp.many(43, 11000, 11999) + pg_temp.many(43, 12000, 12199), 1200::bigint, 'a third has 1,200');
do $$ begin perform pg_temp.end_hold(variadic array(select generate_series(11000, 12199))); end; $$;
select is((select array_agg(g.outcome::text) from remit_v1.group_create(1, pg_temp.id(406), array[pg_temp.request(null, 43, 12, 90000), pg_temp.request(null, 12, 43, 1)]) g),
          '{posted,posted}', 'so does group_create');

-- ---- What a person's call writes ----------------------------------------------------------------

select pg_temp.wallet(51, 100);
select is(pg_temp.told(pg_temp.hold(501, 51, 60, expires_in => 600)), '{posted}', 'a hold');
select pg_temp.end_hold(501);
create temporary table audit_before as select count(*) as count from remit.audit;
set local remit.reason = '';
select is(pg_temp.outcomes(pg_temp.request(502, 51, 12, 0)), '{"invalid_field amount"}', 'a person''s request is not even stored');
select is(array[pg_temp.held(51), pg_temp.hold_state(501)], '{100 - 0 at 3,"expired 60 - 0, 0"}', 'but what has expired is written');
select is((select count(*) from remit.audit), count, 'the person did nothing') from audit_before;
set local remit.reason = 'a test';
select is_empty('select * from remit_ops_v1.verify()', 'the books are right');

select * from finish();
rollback;
