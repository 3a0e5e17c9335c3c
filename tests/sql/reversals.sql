begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

-- Reversals: each rule, through transfers_post.

select pg_temp.wallet(11, 1000);
select pg_temp.wallet(12);
select pg_temp.wallet(13);
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 100)), '{posted}', 'a transfer');
create temporary table made as select * from pg_temp.post_items(array[pg_temp.reverse(102, 101, 30)]);
select results_eq(
    $$ select outcome::text, pg_temp.number(source_id), pg_temp.number(target_id), amount, currency, source_balance, target_balance, source_version, target_version,
              (terms).kind::text, pg_temp.number((terms).subject_id), amount_asked from made $$,
    $$ values ('posted', 12, 11, 30::bigint, 'USD', 70::bigint, 930::bigint, 2::bigint, 3::bigint, 'reversal', 101, 30::bigint) $$,
    'a part of it goes back');
select results_eq($$ select reversed, array(select pg_temp.number(i) from unnest(reversal_ids) i) from remit_v1.transfer_get(1, pg_temp.id(101)) $$,
    $$ values (30::bigint, '{102}'::integer[]) $$, 'the original knows');
select is(pg_temp.told(pg_temp.reverse(103, 101, 71)), '{reversal_exceeded}', 'not more than is left of it');
select is(pg_temp.told(pg_temp.reverse(104, 101, 20), pg_temp.reverse(105, 101, 51), pg_temp.reverse(106, 101, 10)), '{posted,reversal_exceeded,posted}', 'also within a call');
select is(pg_temp.told(pg_temp.reverse(107, 101)), '{posted}', 'all that is left, where no amount is named');
select results_eq($$ select amount, amount_asked from remit.transfers where id = pg_temp.id(107) $$, $$ values (40::remit.exact_amount, null::bigint) $$, 'the row says how much that was');
select is(pg_temp.told(pg_temp.reverse(108, 101), pg_temp.reverse(109, 101, 1), pg_temp.reverse(110, 101, 1, at_most => true)),
          '{reversal_exceeded,reversal_exceeded,reversal_exceeded}', 'then nothing is left');
select is(array[pg_temp.state(11), pg_temp.state(12)], '{1000 at 6,0 at 5}', 'all of it is back');
select results_eq($$ select reversed, array(select pg_temp.number(i) from unnest(reversal_ids) i) from remit_v1.transfer_get(1, pg_temp.id(101)) $$,
    $$ values (100::bigint, '{102,104,106,107}'::integer[]) $$, 'by these, in order');
select is((select array_agg(o.type::text order by o.number) from pg_temp.waiting o where o.subject_id in (pg_temp.id(102), pg_temp.id(103))), '{transfer.posted,transfer.rejected}',
          'a reversal is told as a transfer');
select is((select array_agg(((o.transfer).terms).kind || ' of ' || pg_temp.number(((o.transfer).terms).subject_id)) from remit_worker_v1.outbox_append(1000) o
            where o.subject_id = pg_temp.id(102)), '{"reversal of 101"}', 'which says what it is');

-- ---- What can be reversed -----------------------------------------------------------------------

select is(pg_temp.told(pg_temp.pay(201, 11, 13, 50), pg_temp.reverse(202, 201, 50)), '{posted,posted}', 'a transfer of the same call');
select is((select reversed from remit_v1.transfer_get(1, pg_temp.id(201))), 50::bigint, 'which knows');
select is(pg_temp.told(pg_temp.reverse(203, 201)), '{reversal_exceeded}', 'later too');
select is(pg_temp.told(pg_temp.hold(204, 11, 60, 12), pg_temp.capture(205, 204), pg_temp.reverse(206, 205, 60)), '{posted,posted,posted}', 'a capture, also of the same call');
select is(pg_temp.told(variadic pg_temp.legs(207, pg_temp.pay(null, 11, 12, 10), pg_temp.pay(null, 12, 13, 10))), '{posted,posted}', 'a group');
select is(pg_temp.told(pg_temp.item(208, null, null, null, 'reversal', remit_v1.leg_id(pg_temp.id(207), 2)), pg_temp.item(209, null, null, null, 'reversal', remit_v1.leg_id(pg_temp.id(207), 1))),
          '{posted,posted}', 'has legs that are');
select is(pg_temp.outcomes(pg_temp.request(211, 11, 12, 99999)), '{insufficient_funds}', 'a rejected transfer');
select is(pg_temp.told(pg_temp.reverse(212, 211), pg_temp.reverse(213, 102), pg_temp.reverse(214, 204), pg_temp.hold(215, 11, 5), pg_temp.reverse(216, 215, 5)),
          '{not_reversible,not_reversible,not_reversible,posted,not_reversible}', 'is not, nor a reversal, nor a hold');
select is(pg_temp.told(pg_temp.adjust(217, 215, 6), pg_temp.release(218, 215), pg_temp.reverse(219, 217), pg_temp.reverse(220, 218)),
          '{posted,posted,not_reversible,not_reversible}', 'nor what changes a hold');
select is(pg_temp.told(pg_temp.reverse(221, 299)), '{"transfer_not_found subject_id"}', 'nor what is not there');
select is(pg_temp.told(pg_temp.reverse(222, 223), pg_temp.pay(223, 11, 12, 1)), '{"transfer_not_found subject_id",posted}', 'nor what comes later');
select is(pg_temp.told(pg_temp.pay(224, 11, 12, 99999), pg_temp.reverse(225, 224)), '{insufficient_funds,not_reversible}', 'nor what the call refused');
select is(pg_temp.told(pg_temp.reverse(226, 226)), '{"transfer_not_found subject_id"}', 'nor itself');
select is(pg_temp.told(item), array['invalid_field ' || field], 'a reversal with ' || description)
  from (values (pg_temp.item(230, null, null, 1, 'reversal'), 'subject_id', 'no transfer'), (pg_temp.reverse(230, 201, 0), 'amount', 'nothing'),
               (pg_temp.item(230, null, null, 1, 'reversal', pg_temp.id(201), is_final => true), 'is_final', 'is_final'),
               (pg_temp.item(230, null, null, 1, 'reversal', pg_temp.id(201), expires_in => 1), 'expires_in', 'an end')) as c (item, field, description);
select is(pg_temp.told(pg_temp.item(231, 13, 11, 1, 'reversal', pg_temp.id(205)), pg_temp.item(231, 12, 13, 1, 'reversal', pg_temp.id(205))),
          '{"transfer_not_found subject_id","transfer_not_found subject_id"}', 'the wallets, where they are named, are those of the original');

-- ---- Funds --------------------------------------------------------------------------------------

select pg_temp.wallet(21, 100);
select pg_temp.wallet(22);
select pg_temp.wallet(23);
select is(pg_temp.told(pg_temp.pay(301, 21, 22, 80), pg_temp.pay(302, 22, 23, 50)), '{posted,posted}', 'most of it is spent');
select is(pg_temp.told(pg_temp.reverse(303, 301), pg_temp.reverse(304, 301, 31)), '{insufficient_funds,insufficient_funds}', 'what is not there does not go back');
select is((select amount_asked from remit.transfers where id = pg_temp.id(303)), null, 'a refused "all the rest" asked for no amount');
select is(pg_temp.told(pg_temp.reverse(303, 301)), '{"insufficient_funds replayed"}', 'and is stored and replayed');
select is(pg_temp.told(pg_temp.reverse(305, 301, at_most => true)), '{posted}', 'at most what is there does');
select results_eq($$ select amount::bigint, amount_asked from remit.transfers where id = pg_temp.id(305) $$, $$ values (30::bigint, null::bigint) $$, 'and the row says how much');
select is(pg_temp.told(pg_temp.reverse(306, 301, 60, at_most => true)), '{insufficient_funds}', 'of nothing, nothing does');
select is(pg_temp.told(pg_temp.pay(307, 23, 22, 20), pg_temp.reverse(308, 301, 60, at_most => true), pg_temp.pay(309, 23, 22, 30), pg_temp.reverse(310, 301, 60, at_most => true)),
          '{posted,posted,posted,posted}', 'at most twice');
select results_eq($$ select amount::bigint, amount_asked from remit.transfers where id in (pg_temp.id(308), pg_temp.id(310)) order by id $$,
    $$ values (20::bigint, 60::bigint), (30, 60) $$, 'what was there, and what was left');
select is(array[pg_temp.state(21), pg_temp.state(22)], '{100 at 5,0 at 7}', 'in the end all of it');
select pg_temp.wallet(24, 100);
select is(pg_temp.told(pg_temp.pay(311, 21, 24, 50), pg_temp.hold(312, 24, 120), pg_temp.reverse(313, 311), pg_temp.reverse(314, 311, at_most => true)),
          '{posted,posted,insufficient_funds,posted}', 'held money does not go back');
select is(pg_temp.held(24), '120 - 120 at 4', 'what is available does');

-- ---- Limits, frozen wallets ---------------------------------------------------------------------

select pg_temp.wallet(31, 100);
select pg_temp.wallet(32, 100);
do $$
begin
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(31), null, 80, 'a test');
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(32), 1, 1, 'a test');
end;
$$;
select is(pg_temp.told(pg_temp.pay(401, 31, 32, 80), pg_temp.reverse(402, 401, 60)), '{posted,posted}', 'limits of the target do not apply');
select is(pg_temp.told(pg_temp.pay(403, 31, 32, 1)), '{limit_exceeded}', 'the source''s spending is not reduced');
select is((remit_v1.wallet_limits_get(1, pg_temp.id(32))).daily_spent, 0::bigint, 'and the target has spent nothing');
do $$ begin perform remit_ops_v1.wallet_freeze(1, pg_temp.id(31), 'a test'); end; $$;
select is(pg_temp.told(pg_temp.reverse(404, 401)), '{wallet_frozen}', 'no money goes to a frozen wallet');

-- ---- Replays ------------------------------------------------------------------------------------

select is(pg_temp.told(pg_temp.reverse(102, 101, 30), pg_temp.reverse(107, 101), pg_temp.reverse(103, 101, 71)),
          '{"posted replayed","posted replayed","reversal_exceeded replayed"}', 'a retry hears what was');
select results_eq($$ select to_jsonb(r) from pg_temp.post_items(array[pg_temp.reverse(102, 101, 30)]) r $$, $$ select to_jsonb(m) || '{"replayed": true}' from made m $$, 'all of it');
select results_eq($$ select r.replayed, r.reversed from pg_temp.post(pg_temp.request(101, 11, 12, 100)) r $$, $$ values (true, null::bigint) $$,
    'a retry of the original does not change by it');
select is(pg_temp.told(item), '{idempotency_key_reused}', 'its id is taken for ' || description)
  from (values (pg_temp.reverse(102, 101, 31), 'another amount'), (pg_temp.reverse(102, 101), 'no amount'), (pg_temp.reverse(102, 101, 30, at_most => true), 'at most'),
               (pg_temp.reverse(102, 205, 30), 'another transfer'), (pg_temp.pay(102, 12, 11, 30), 'a transfer'), (pg_temp.reverse(107, 101, 40), 'what it came to')) as c (item, description);
select is(pg_temp.told(pg_temp.pay(501, 11, 13, 10), pg_temp.reverse(502, 501, 6), pg_temp.reverse(502, 501, 6), pg_temp.reverse(503, 501, 5)),
          '{posted,posted,"posted replayed",reversal_exceeded}', 'twins of one call are one');

-- ---- A bound, users -----------------------------------------------------------------------------

select is(pg_temp.told(pg_temp.pay(601, 11, 13, 500)), '{posted}', 'a transfer');
insert into remit.reversed_transfers
select 1, pg_temp.id(601), 1, array_agg(gen_random_uuid()) from generate_series(1, 999) n;
select is(pg_temp.told(pg_temp.reverse(602, 601, 1), pg_temp.reverse(603, 601, 1)), '{posted,reversal_exceeded}', 'has at most a thousand reversals');
delete from remit.reversed_transfers where transfer_id = pg_temp.id(601);
insert into remit.reversed_transfers values (1, pg_temp.id(601), 1, array[pg_temp.id(602)]);
do $$
begin
    perform remit_v1.user_create(1, (pg_temp.id(2), 'Grace', null, null, null)::remit_v1.user_request);
    perform remit_v1.wallet_create(1, (pg_temp.id(72), pg_temp.id(2), 'USD', 100, 0, null, null, null)::remit_v1.wallet_request);
end;
$$;
select pg_temp.key('own', 'user', 1) \g /dev/null
select pg_temp.key('foreign', 'user', 2) \g /dev/null
select is(pg_temp.told_by('own', pg_temp.pay(701, 11, 72, 50), pg_temp.pay(702, 11, 13, 50), pg_temp.reverse(703, 702, 20)), '{posted,posted,posted}',
          'a user gives back what it got, under its ids, in one call');
select is(pg_temp.told_by('own', pg_temp.reverse(704, 702, 20)), '{posted}', 'also later');
select is(pg_temp.told_by('own', pg_temp.reverse(705, 701)), '{"transfer_not_found subject_id"}', 'it does not take back what it sent');
select is(pg_temp.told_by('foreign', pg_temp.item(706, null, null, 10, 'reversal', remit.user_transfer_id(pg_temp.id(1), pg_temp.id(701)))), '{posted}', 'who got it may give it back');
select results_eq(
    $$ select t.source_balance, t.target_balance, t.reversed, t.reversal_ids
         from remit_v1.transfer_get(1, pg_temp.id(706), sha256('foreign')) t $$, $$ values (140::bigint, null::bigint, 0::bigint, '{}'::uuid[]) $$, 'and sees what is its own');
select is_empty('select * from remit_ops_v1.verify()', 'the books are right');

select * from finish();
rollback;
