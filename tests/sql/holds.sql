begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

-- Holds: each rule, through transfers_post.

-- ---- Authorise ----------------------------------------------------------------------------------

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select pg_temp.wallet(13);
select pg_temp.wallet(14, 50, floor => -50);
select pg_temp.wallet(15, 100, floor => 40);
select pg_temp.wallet(16, 100, currency => 'EUR');
create temporary table made as select * from pg_temp.post_items(array[pg_temp.hold(101, 11, 60, expires_in => 3600)]);
select results_eq(
    $$ select pg_temp.number(id), outcome::text, pg_temp.number(source_id), target_id, amount, currency, source_version, source_balance,
              target_version, target_balance, amount_asked, (terms).kind::text, (effect).source_held, (effect).hold_amount,
              (effect).hold_captured, (effect).hold_remaining, (effect).hold_before from made $$,
    $$ values (101, 'posted', 11, null::uuid, 60::bigint, 'USD', 2::bigint, 100::bigint, null::bigint, null::bigint, 60::bigint,
               'hold', 60::bigint, 60::bigint, 0::bigint, 60::bigint, null::bigint) $$,
    'a hold is a change of the source, and of no balance');
select is(pg_temp.held(11), '100 - 60 at 2', 'the wallet holds it');
select results_eq(
    $$ select h.status::text, pg_temp.number(h.source_id), h.target_id, h.currency, h.amount, h.captured, h.remaining, h.created_version, h.version
         from remit_v1.holds_get(1, array[pg_temp.id(101)]) h $$,
    $$ values ('open', 11, null::uuid, 'USD', 60::bigint, 0::bigint, 60::bigint, 2::bigint, 2::bigint) $$, 'and is there to be read');
select ok(h.expires_at = h.created_at + interval '1 hour' and w.held_until = h.expires_at and (m.effect).hold_expires_at = h.expires_at
          and (m.effect).source_held_until = h.expires_at and m.created_at = h.created_at, 'it ends when it was told to')
  from made m, remit.holds h, remit.wallets w where h.id = m.id and w.id = m.source_id;
select is(pg_temp.told(pg_temp.hold(102, 11, 41)), '{insufficient_funds}', 'what is held is not there to be held');
select is(pg_temp.told(pg_temp.pay(103, 11, 12, 41)), '{insufficient_funds}', 'nor to be paid');
select is(pg_temp.outcomes(pg_temp.request(104, 11, 12, 41)), '{insufficient_funds}', 'also by a call without terms');
select is(pg_temp.told(pg_temp.hold(105, 11, 40)), '{posted}', 'all that is left can be held');
select is(pg_temp.held(11), '100 - 100 at 3', 'and is');
select is((select held_until from remit.wallets where id = pg_temp.id(11)), (select expires_at from remit.holds where id = pg_temp.id(101)),
          'one that has no end does not end first');
select is(pg_temp.told(pg_temp.hold(106, 14, 101), pg_temp.hold(107, 14, 100)), '{insufficient_funds,posted}', 'the floor is the bar: below zero');
select pg_temp.wallet(18, 10, floor => null);
select pg_temp.wallet(19, 0);
select is(pg_temp.told(pg_temp.hold(141, 18, 9007199254740991), pg_temp.hold(142, 18, 1), pg_temp.pay(143, 18, 19, 10), pg_temp.pay(144, 18, 19, 1)),
          '{posted,balance_limit_exceeded,posted,balance_limit_exceeded}', 'without a floor what is held, and what is left beside it, stay exact');
select is(pg_temp.told(pg_temp.adjust(145, 141, 100), pg_temp.hold(146, 18, 50), pg_temp.capture(147, 141, 19)), '{posted,posted,posted}', 'there is room again once less is held');
select is(pg_temp.told(pg_temp.hold(108, 15, 61), pg_temp.hold(109, 15, 60)), '{insufficient_funds,posted}', 'or above');
select is(pg_temp.told(pg_temp.hold(110, 16, 10, target => 12)), '{currency_mismatch}', 'a target has the currency of the source');
select is(pg_temp.told(pg_temp.hold(111, 12, 10, target => 12)), '{"same_wallet target_id"}', 'and is not the source');
select is(pg_temp.told(pg_temp.hold(112, 12, 10, target => 99)), '{"wallet_not_found target_id"}', 'and is there');
select is(pg_temp.told(pg_temp.hold(113, 99, 10)), '{"wallet_not_found source_id"}', 'so is the source');
select is((select array_agg(o.type::text || ' ' || pg_temp.number(o.subject_id) order by o.number) from pg_temp.waiting o where o.subject_id in (pg_temp.id(101), pg_temp.id(102))),
          '{"hold.authorised 101","transfer.rejected 102"}', 'an event tells of each');

-- When it ends.
select pg_temp.wallet(17, 1000);
select is(pg_temp.told(pg_temp.item(121, 17, null, 1, 'hold', expires_at => now() + interval '1 day', expires_in => 60)), '{"invalid_field expires_at"}', 'there is one end');
select is(pg_temp.told(pg_temp.hold(121, 17, 1, expires_in => seconds)), array[expected], 'expires_in of ' || seconds)
  from (values (0, 'invalid_field expires_in'), (-1, 'invalid_field expires_in'), (315360001, 'invalid_field expires_in')) as c (seconds, expected);
select is(pg_temp.told(pg_temp.hold(121, 17, 1, expires_at => moment)), '{"invalid_field expires_at"}', 'expires_at of ' || description)
  from (values (now() - interval '1 second', 'the past'), (now() + interval '3651 days', 'more than ten years on'), ('infinity', 'never'), ('-infinity', 'ever'))
       as c (moment, description);
select is(pg_temp.told(pg_temp.hold(121, 17, 1, expires_in => 315360000), pg_temp.hold(122, 17, 1, expires_in => 1),
                       pg_temp.hold(123, 17, 1, expires_at => now() + interval '3649 days'), pg_temp.hold(124, 17, 1)),
          '{posted,posted,posted,posted}', 'one second to ten years, or no end');
select is((select w.held_until - h.created_at from remit.wallets w, remit.holds h where w.id = pg_temp.id(17) and h.id = pg_temp.id(122)),
          interval '1 second', 'a wallet knows when the first one ends');

-- What a hold cannot have.
select is(pg_temp.told(item), array['invalid_field ' || field], 'a hold with ' || description)
  from (values (pg_temp.item(130, null, null, 1, 'hold'), 'source_id', 'no source'),
               (pg_temp.item(130, 17, null, null, 'hold'), 'amount', 'no amount'),
               (pg_temp.item(130, 17, null, 0, 'hold'), 'amount', 'nothing'),
               (pg_temp.item(130, 17, null, 9007199254740992, 'hold'), 'amount', 'too much'),
               (pg_temp.item(130, 17, null, 1, 'hold', pg_temp.id(101)), 'subject_id', 'a subject'),
               (pg_temp.item(130, 17, null, 1, 'hold', is_final => true), 'is_final', 'is_final'),
               (pg_temp.item(130, 17, null, 1, 'hold', may_exceed => true), 'may_exceed', 'may_exceed'),
               (pg_temp.item(130, 17, null, 1, 'hold', at_most => true), 'at_most', 'at_most'),
               (pg_temp.item(null, 17, null, 1, 'hold'), 'id', 'no id')) as c (item, field, description);
select is(pg_temp.told(pg_temp.item(130, 17, 12, 1, 'expiry', pg_temp.id(122))), '{"invalid_field kind"}', 'an expiry is nobody''s to ask for');

-- ---- Capture ------------------------------------------------------------------------------------

select pg_temp.wallet(21, 100);
select pg_temp.wallet(22);
select pg_temp.wallet(23);
select is(pg_temp.told(pg_temp.hold(201, 21, 60), pg_temp.capture(202, 201, 22, 20, is_final => false)), '{posted,posted}', 'a part is taken, of a hold of the same call');
select is(array[pg_temp.held(21), pg_temp.held(22), pg_temp.hold_state(201)], '{80 - 40 at 3,20 - 0 at 1,"open 60 - 20, 40"}', 'the rest stays held');
select results_eq(
    $$ select outcome::text, amount::bigint, (terms).kind::text, (terms).is_final, source_balance, target_balance, (effect).source_held, (effect).hold_remaining,
              (effect).hold_captured, (effect).hold_before from remit.transfers where id = pg_temp.id(202) $$,
    $$ values ('posted', 20::bigint, 'capture', false, 80::bigint, 20::bigint, 40::bigint, 40::bigint, 20::bigint, 2::bigint) $$, 'the row tells both');
select is(pg_temp.told(pg_temp.capture(203, 201, 23, 15, is_final => false)), '{posted}', 'another part, to another wallet');
select is(pg_temp.told(pg_temp.capture(204, 201, 22, 26, is_final => false)), '{hold_exceeded}', 'not more than remains');
select is(pg_temp.told(pg_temp.capture(205, 201, 22, 26)), '{hold_exceeded}', 'nor at the end');
select is(pg_temp.told(pg_temp.capture(206, 201, 22, 5)), '{posted}', 'the last one is final where it does not say otherwise');
select is(array[pg_temp.held(21), pg_temp.held(22), pg_temp.held(23), pg_temp.hold_state(201)],
          '{60 - 0 at 5,25 - 0 at 2,15 - 0 at 1,"captured 60 - 40, 0"}', 'and releases the rest in its row');
select is(pg_temp.told(pg_temp.capture(207, 201, 22, 1), pg_temp.adjust(208, 201, 70), pg_temp.release(209, 201)), '{hold_closed,hold_closed,hold_closed}',
          'what has ended, has ended');
select is(pg_temp.told(pg_temp.hold(211, 21, 60, target => 22), pg_temp.capture(212, 211, amount => 20, is_final => false), pg_temp.capture(213, 211)),
          '{posted,posted,posted}', 'an amount that is left out is all that remains, and a target that of the hold');
select is(array[pg_temp.held(21), pg_temp.held(22), pg_temp.hold_state(211)], '{0 - 0 at 8,85 - 0 at 4,"captured 60 - 60, 0"}', 'all of it was taken');
select is((select t.amount::bigint from remit.transfers t where t.id = pg_temp.id(213)), 40::bigint, 'and the row says how much');
select is((select t.amount_asked from remit.transfers t where t.id = pg_temp.id(213)), null, 'though nothing was asked');
select pg_temp.wallet(24, 100);
select is(pg_temp.told(pg_temp.hold(221, 24, 60, target => 22), pg_temp.capture(222, 221, 23), pg_temp.capture(223, 221, 24)),
          '{posted,"invalid_field target_id","same_wallet target_id"}', 'a hold with a target goes there and nowhere else');
select is(pg_temp.told(pg_temp.hold(224, 24, 10), pg_temp.capture(225, 224), pg_temp.capture(225, 224, 99), pg_temp.capture(225, 224, 16)),
          '{posted,"invalid_field target_id","wallet_not_found target_id",currency_mismatch}', 'one without needs one that is there, of its currency');
select is(pg_temp.told(pg_temp.capture(226, 221, 22, 60, is_final => false)), '{posted}', 'where nothing remains');
select is(pg_temp.hold_state(221), 'captured 60 - 60, 0', 'a hold is closed, final or not');
-- More than remains.
select pg_temp.wallet(25, 100);
select is(pg_temp.told(pg_temp.hold(231, 25, 60), pg_temp.hold(232, 25, 10), pg_temp.capture(233, 231, 22, 91, may_exceed => true)),
          '{posted,posted,insufficient_funds}', 'the excess is taken from what is available, no more');
select is(pg_temp.told(pg_temp.capture(234, 231, 22, 90, may_exceed => true, is_final => false)), '{posted}', 'as far as that goes');
select is(array[pg_temp.held(25), pg_temp.hold_state(231)], '{10 - 10 at 4,"captured 60 - 90, 0"}', 'and closes the hold');
select is(pg_temp.told(pg_temp.capture(235, 299, 22), pg_temp.adjust(235, 299, 1), pg_temp.release(235, 299)),
          '{"hold_not_found subject_id","hold_not_found subject_id","hold_not_found subject_id"}', 'an unknown hold is none');
select is(pg_temp.told(pg_temp.capture(235, 233, 22)), '{"hold_not_found subject_id"}', 'nor is a row that is no hold');
select is(pg_temp.told(pg_temp.item(235, 24, 22, 1, 'capture', pg_temp.id(232))), '{"hold_not_found subject_id"}', 'nor one of another wallet than is named');
select is(pg_temp.told(pg_temp.item(236, 25, 22, 1, 'capture', pg_temp.id(232))), '{posted}', 'which may be named');
select is(pg_temp.told(item), array['invalid_field ' || field], 'a capture with ' || description)
  from (values (pg_temp.item(237, null, 22, 1, 'capture'), 'subject_id', 'no hold'),
               (pg_temp.capture(237, 232, 22, 0), 'amount', 'nothing'), (pg_temp.capture(237, 232, 22, -1), 'amount', 'less'),
               (pg_temp.item(237, null, 22, 1, 'capture', pg_temp.id(232), at_most => true), 'at_most', 'at_most'),
               (pg_temp.item(237, null, 22, 1, 'capture', pg_temp.id(232), expires_in => 5), 'expires_in', 'an end')) as c (item, field, description);
select is((select array_agg(o.type::text order by o.number) from pg_temp.waiting o where o.subject_id in (pg_temp.id(202), pg_temp.id(204))),
          '{transfer.posted,transfer.rejected}', 'a capture is told as a transfer');

-- ---- Adjust -------------------------------------------------------------------------------------

select pg_temp.wallet(31, 100);
select pg_temp.wallet(32);
select is(pg_temp.told(pg_temp.hold(301, 31, 60), pg_temp.capture(302, 301, 32, 20, is_final => false), pg_temp.adjust(303, 301, 80)),
          '{posted,posted,posted}', 'a hold is raised');
select is(array[pg_temp.held(31), pg_temp.hold_state(301)], '{80 - 60 at 4,"open 80 - 20, 60"}', 'to a total that has the captures in it');
select is(pg_temp.told(pg_temp.adjust(304, 301, 101)), '{insufficient_funds}', 'as far as there are funds');
select is(pg_temp.told(pg_temp.adjust(305, 301, 100), pg_temp.adjust(306, 301, 100)), '{posted,posted}', 'two callers that repeat do not add up');
select is(array[pg_temp.held(31), pg_temp.hold_state(301)], '{80 - 80 at 6,"open 100 - 20, 80"}', 'each is a row all the same');
select is(pg_temp.told(pg_temp.adjust(307, 301, 19)), '{hold_exceeded}', 'never below what was captured');
select is(pg_temp.told(pg_temp.adjust(308, 301, 50)), '{posted}', 'down gives back');
select is(array[pg_temp.held(31), pg_temp.hold_state(301)], '{80 - 30 at 7,"open 50 - 20, 30"}', 'what it no longer holds');
select is(pg_temp.told(pg_temp.adjust(309, 301, expires_in => 600)), '{posted}', 'the end may be moved alone');
select ok(h.expires_at = t.created_at + interval '10 minutes' and w.held_until = h.expires_at and h.amount = 50 and t.amount = 50, 'and is')
  from remit.holds h, remit.wallets w, remit.transfers t where h.id = pg_temp.id(301) and w.id = h.source_id and t.id = pg_temp.id(309);
select is(pg_temp.told(pg_temp.adjust(310, 301, 40)), '{posted}', 'and stays where it is not named');
select is((select h.expires_at = t.created_at + interval '10 minutes' from remit.holds h, remit.transfers t where h.id = pg_temp.id(301) and t.id = pg_temp.id(309)), true,
          'by a new total');
select is(pg_temp.told(pg_temp.adjust(311, 301), pg_temp.item(311, null, 32, 41, 'adjustment', pg_temp.id(301)), pg_temp.adjust(311, 301, 0),
                       pg_temp.adjust(311, 301, expires_at => now() - interval '1 hour')),
          '{"invalid_field amount","invalid_field target_id","invalid_field amount","invalid_field expires_at"}', 'it changes something, to what can be');
select is(pg_temp.told(pg_temp.adjust(312, 301, 20)), '{posted}', 'down to what was captured');
select is(array[pg_temp.held(31), pg_temp.hold_state(301)], '{80 - 0 at 10,"captured 20 - 20, 0"}', 'closes it');
select is((select held_until from remit.wallets where id = pg_temp.id(31)), null, 'and nothing ends any more');
select is((select array_agg(distinct o.type::text) from pg_temp.waiting o where o.subject_id in (pg_temp.id(303), pg_temp.id(312))), '{hold.adjusted}', 'an event tells of each');

-- ---- Release ------------------------------------------------------------------------------------

select pg_temp.wallet(41, 100);
select is(pg_temp.told(pg_temp.hold(401, 41, 60), pg_temp.hold(402, 41, 40, expires_in => 50), pg_temp.hold(403, 41, 1)), '{posted,posted,insufficient_funds}', 'all is held');
select is(pg_temp.told(pg_temp.release(404, 401), pg_temp.hold(405, 41, 60), pg_temp.release(406, 402)), '{posted,posted,posted}', 'what is released is available at once');
select is(array[pg_temp.held(41), pg_temp.hold_state(401), pg_temp.hold_state(402), pg_temp.hold_state(405)],
          '{100 - 60 at 6,"released 60 - 0, 0","released 40 - 0, 0","open 60 - 0, 60"}', 'and closed');
select is((select held_until from remit.wallets where id = pg_temp.id(41)), null, 'the first end is now that of another');
select is((select t.amount::bigint from remit.transfers t where t.id = pg_temp.id(404)), 60::bigint, 'a release says how much');
select is(pg_temp.told(pg_temp.item(407, null, null, 1, 'release', pg_temp.id(405)), pg_temp.item(407, null, 12, null, 'release', pg_temp.id(405)),
                       pg_temp.item(407, null, null, null, 'release', pg_temp.id(405), is_final => true)),
          '{"invalid_field amount","invalid_field target_id","invalid_field is_final"}', 'all of it, to nobody');
select is((select array_agg(o.type::text) from pg_temp.waiting o where o.subject_id = pg_temp.id(404)), '{hold.released}', 'an event tells of it');

-- ---- Frozen wallets -----------------------------------------------------------------------------

select pg_temp.wallet(51, 100);
select pg_temp.wallet(52);
select is(pg_temp.told(pg_temp.hold(501, 51, 60), pg_temp.hold(502, 51, 10), pg_temp.hold(503, 51, 10)), '{posted,posted,posted}', 'three holds');
do $$ begin perform remit_ops_v1.wallet_freeze(1, pg_temp.id(51), 'a test'); end; $$;
select is(pg_temp.told(pg_temp.hold(504, 51, 1), pg_temp.capture(505, 501, 52), pg_temp.adjust(506, 501, 61)), '{wallet_frozen,wallet_frozen,wallet_frozen}',
          'a frozen source holds no more and is not taken from');
select is(pg_temp.told(pg_temp.adjust(507, 501, 50), pg_temp.release(508, 502)), '{posted,posted}', 'but gives back');
select pg_temp.end_hold(503);
select is(pg_temp.told(pg_temp.hold(509, 51, 1)), '{wallet_frozen}', 'another request');
select is(array[pg_temp.held(51), pg_temp.hold_state(503)], '{100 - 50 at 7,"expired 10 - 0, 0"}', 'writes what has expired');
do $$ begin perform remit_ops_v1.wallet_unfreeze(1, pg_temp.id(51), 'a test'); end; $$;
do $$ begin perform remit_ops_v1.wallet_freeze(1, pg_temp.id(52), 'a test'); end; $$;
select is(pg_temp.told(pg_temp.capture(510, 501, 52), pg_temp.hold(511, 51, 1, target => 52)), '{wallet_frozen,wallet_frozen}', 'a frozen target takes nothing');

-- ---- Limits -------------------------------------------------------------------------------------

select pg_temp.wallet(61, 1000);
do $$ begin perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(61), 60, 100, 'a test'); end; $$;
select is(pg_temp.told(pg_temp.hold(601, 61, 61)), '{limit_exceeded}', 'a hold is no more than a transfer may be');
select is(pg_temp.told(pg_temp.hold(602, 61, 60), pg_temp.hold(603, 61, 41)), '{posted,limit_exceeded}', 'what is held counts as spent');
select is(pg_temp.told(pg_temp.hold(604, 61, 41)), '{limit_exceeded}', 'also in a later call');
select is(pg_temp.outcomes(pg_temp.request(605, 61, 12, 41), pg_temp.request(606, 61, 12, 40)), '{limit_exceeded,posted}', 'and for a transfer');
select is(pg_temp.told(pg_temp.capture(607, 602, 12, 20, is_final => false)), '{posted}', 'a capture is not refused for a limit');
select is(pg_temp.told(pg_temp.pay(608, 61, 12, 1)), '{limit_exceeded}', 'it counts once');
select is(pg_temp.told(pg_temp.adjust(609, 602, 61)), '{limit_exceeded}', 'up needs the limit too');
select is(pg_temp.told(pg_temp.adjust(610, 602, 50), pg_temp.pay(611, 61, 12, 11), pg_temp.pay(612, 61, 12, 10)), '{posted,limit_exceeded,posted}', 'what is given back counts no more');
select is(pg_temp.told(pg_temp.release(613, 602), pg_temp.pay(614, 61, 12, 31), pg_temp.pay(615, 61, 12, 30)), '{posted,limit_exceeded,posted}', 'nor what is released');
select is((remit_v1.wallet_limits_get(1, pg_temp.id(61))).daily_spent, 100::bigint, 'in the end it is what left');
select pg_temp.wallet(62, 1000);
do $$ begin perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(62), null, 100, 'a test'); end; $$;
select is(pg_temp.told(pg_temp.hold(621, 62, 80), pg_temp.capture(622, 621, 12, 101, may_exceed => true), pg_temp.capture(623, 621, 12, 100, may_exceed => true)),
          '{posted,limit_exceeded,posted}', 'the excess of a capture counts');
select pg_temp.wallet(63, 1000);
do $$ begin perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(63), null, 100, 'a test'); end; $$;
select is(pg_temp.told(pg_temp.hold(631, 63, 100)), '{posted}', 'all of a limit is held');
do $$ begin perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(63), 1, 1, 'a test'); end; $$;
select is(pg_temp.told(pg_temp.capture(632, 631, 12, 99, is_final => false)), '{posted}', 'a capture of held money is not refused though the limit has fallen');
select pg_temp.end_hold(631);
do $$ begin perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(63), 10, 109, 'a test'); end; $$;
select is(pg_temp.outcomes(pg_temp.request(633, 63, 12, 10)), '{posted}', 'what has expired counts no more, in the call that writes it');

-- ---- User keys ----------------------------------------------------------------------------------

do $$
begin
    perform remit_v1.user_create(1, (pg_temp.id(2), 'Grace', null, null, null)::remit_v1.user_request);
    perform remit_v1.wallet_create(1, (pg_temp.id(72), pg_temp.id(2), 'USD', 100, 0, null, null, null)::remit_v1.wallet_request);
end;
$$;
select pg_temp.wallet(71, 100);
select pg_temp.key('own', 'user', 1) \g /dev/null
select pg_temp.key('foreign', 'user', 2) \g /dev/null
select pg_temp.key('reader', 'reader') \g /dev/null
select is(pg_temp.told_by('own', pg_temp.hold(701, 71, 60, expires_in => 600), pg_temp.adjust(702, 701, 70, expires_in => 700)), '{posted,posted}',
          'a user authorises from its own wallet and adjusts up, under its own ids, in one call');
select is(pg_temp.told_by('own', pg_temp.hold(701, 71, 60, expires_in => 600), pg_temp.adjust(702, 701, 70, expires_in => 700)), '{"posted replayed","posted replayed"}',
          'and again');
select is(pg_temp.told_by('own', pg_temp.adjust(703, 701, 71)), '{posted}', 'also in a later call');
select is(pg_temp.told_by('own', pg_temp.capture(704, 701, 12), pg_temp.release(704, 701), pg_temp.adjust(704, 701, 70), pg_temp.adjust(704, 701, expires_in => 5),
                          pg_temp.adjust(704, 701, 72, expires_in => 5)),
          '{forbidden,forbidden,forbidden,forbidden,forbidden}', 'it takes nothing from it and does not let it go');
select is(pg_temp.told_by('own', pg_temp.adjust(704, 701, 72, expires_in => 5000)), '{posted}', 'it may promise more, for longer');
select is(pg_temp.told_by('foreign', pg_temp.hold(701, 71, 10), pg_temp.adjust(702, 701, 90)), '{"wallet_not_found source_id","hold_not_found subject_id"}',
          'another''s wallet and hold are not there');
create temporary table told_of as select to_jsonb(r) - '{terms,ordinality}'::text[] as told, ordinality from pg_temp.post_items(array[
    pg_temp.adjust(705, 799, 90), pg_temp.item(705, null, null, 90, 'adjustment', remit.user_transfer_id(pg_temp.id(1), pg_temp.id(701)))], 'foreign') with ordinality r;
select is((select told from told_of where ordinality = 2), (select told from told_of where ordinality = 1), 'just like one that nobody has');
select is(pg_temp.told_by('reader', pg_temp.hold(706, 71, 1)), '{forbidden}', 'a reader holds nothing');
select results_eq(
    $$ select h.id, h.amount from remit_v1.holds_get(1, array[pg_temp.id(701), remit.user_transfer_id(pg_temp.id(1), pg_temp.id(701))], sha256('own')) h $$,
    $$ select remit.user_transfer_id(pg_temp.id(1), pg_temp.id(701)), 72::bigint from generate_series(1, 2) $$, 'a user sees its hold by both its ids');
select results_eq(
    $$ select h.id, h.amount from remit_v1.holds_get(1, array[pg_temp.id(701), remit.user_transfer_id(pg_temp.id(1), pg_temp.id(701))], sha256('foreign')) h $$,
    $$ select null::uuid, null::bigint from generate_series(1, 2) $$, 'and no other');
select is(pg_temp.told(pg_temp.item(707, null, 72, 30, 'capture', remit.user_transfer_id(pg_temp.id(1), pg_temp.id(701)))), '{posted}', 'the service captures it');

-- ---- Replays ------------------------------------------------------------------------------------

select pg_temp.wallet(81, 100);
select pg_temp.wallet(82);
create temporary table once as select * from pg_temp.post_items(array[
    pg_temp.hold(801, 81, 60, expires_in => 600), pg_temp.capture(802, 801, 82, 10, is_final => false), pg_temp.adjust(803, 801, 70), pg_temp.capture(804, 801, 82, 500),
    pg_temp.release(805, 801), pg_temp.release(806, 801), pg_temp.capture(807, 801, 82)]);
select is((select array_agg(outcome::text) from once), '{posted,posted,posted,hold_exceeded,posted,hold_closed,hold_closed}', 'a hold''s life, and what is refused');
select results_eq(
    $$ select to_jsonb(r) from pg_temp.post_items(array[
        pg_temp.hold(801, 81, 60, expires_in => 600), pg_temp.capture(802, 801, 82, 10, is_final => false), pg_temp.adjust(803, 801, 70), pg_temp.capture(804, 801, 82, 500),
        pg_temp.release(805, 801), pg_temp.release(806, 801), pg_temp.capture(807, 801, 82)]) r $$,
    $$ select to_jsonb(o) || '{"replayed": true}' from once o $$, 'is told again as it was, also what has no amount');
select is((select effect from remit.transfers where id = pg_temp.id(807)), null, 'what is refused has no effect');
select is(pg_temp.told(item), '{idempotency_key_reused}', 'its id is taken for ' || description)
  from (values (pg_temp.hold(801, 81, 61, expires_in => 600), 'another amount'), (pg_temp.hold(801, 81, 60, expires_in => 601), 'another end'),
               (pg_temp.hold(801, 81, 60), 'no end'), (pg_temp.hold(801, 81, 60, expires_in => 600, target => 82), 'a target'),
               (pg_temp.pay(801, 81, 82, 60), 'a transfer'), (pg_temp.capture(802, 801, 82, 10), 'a final capture'),
               (pg_temp.capture(802, 801, 82, 10, is_final => false, may_exceed => true), 'one that may exceed'),
               (pg_temp.capture(802, 801, 82, is_final => false), 'one of all that remains'), (pg_temp.pay(802, 81, 82, 10), 'a transfer of what it took'),
               (pg_temp.adjust(803, 801, 71), 'another total'), (pg_temp.adjust(803, 801, 70, expires_in => 600), 'another end of an adjustment'),
               (pg_temp.release(803, 801), 'a release'), (pg_temp.capture(807, 801, 82, 1), 'an amount')) as c (item, description);
select is(pg_temp.outcomes(pg_temp.request(802, 81, 82, 10)), '{idempotency_key_reused}', 'or by a call without terms');
select is(pg_temp.told(pg_temp.capture(804, 801, 82, 500, is_final => true)), '{"hold_exceeded replayed"}', 'what is left out is the same as what is meant by it');
select is(pg_temp.told(pg_temp.item(801, 81, null, 60, 'hold', expires_in => 600), pg_temp.item(802, 81, 82, 10, 'capture', pg_temp.id(801), is_final => false, may_exceed => false)),
          '{"posted replayed","posted replayed"}', 'nor is what is said twice another request');
select is(pg_temp.told(pg_temp.hold(811, 81, 20), pg_temp.hold(811, 81, 20), pg_temp.hold(811, 81, 21), pg_temp.capture(812, 811, 82), pg_temp.capture(812, 811, 82)),
          '{posted,"posted replayed",idempotency_key_reused,posted,"posted replayed"}', 'twins of one call are one');
select is(pg_temp.held(81), '70 - 0 at 7', 'and change a wallet once');

-- ---- What a refused hold leaves -----------------------------------------------------------------

select pg_temp.wallet(91, 10);
select is(pg_temp.told(pg_temp.hold(901, 91, 11), pg_temp.capture(902, 901, 12)), '{insufficient_funds,"hold_not_found subject_id"}', 'a refused hold is none');
select is(pg_temp.told(pg_temp.capture(902, 901, 12)), '{"hold_not_found subject_id"}', 'nor later');
select is((select count(*) from remit.holds where id = pg_temp.id(901)), 0::bigint, 'nothing is kept of it');
select is_empty('select * from remit_ops_v1.verify()', 'the books are right');

select * from finish();
rollback;
