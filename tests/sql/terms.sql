begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

-- At most, conditions, dry run: each rule, through transfers_post.

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select pg_temp.wallet(13, 0, floor => -30);
select pg_temp.wallet(14, 0, floor => null);

-- ---- At most ------------------------------------------------------------------------------------

select is(pg_temp.told(pg_temp.pay(101, 11, 12, 60, at_most => true), pg_temp.pay(102, 11, 12, 60, at_most => true), pg_temp.pay(103, 11, 12, 60, at_most => true)),
          '{posted,posted,insufficient_funds}', 'the smaller of the amount and what is available');
select results_eq($$ select amount::bigint, amount_asked from remit.transfers where id between pg_temp.id(101) and pg_temp.id(103) order by id $$,
    $$ values (60::bigint, 60::bigint), (40, 60), (60, 60) $$, 'a row keeps what was asked');
select is(pg_temp.told(pg_temp.pay(104, 12, 11, null, at_most => true)), '{posted}', 'all of it, where no amount is named');
select is(pg_temp.state(12), '0 at 3', 'and then nothing is left');
select is(pg_temp.told(pg_temp.pay(105, 12, 11, null, at_most => true)), '{insufficient_funds}', 'nothing is not posted');
select is(pg_temp.told(pg_temp.pay(105, 12, 11, null, at_most => true), pg_temp.pay(105, 12, 11, 1, at_most => true)), '{"insufficient_funds replayed",idempotency_key_reused}', 'but stored');
select is(pg_temp.told(pg_temp.hold(106, 11, 70), pg_temp.pay(107, 11, 12, null, at_most => true)), '{posted,posted}', 'held money is not available');
select is(array[pg_temp.held(11), pg_temp.held(12)], '{70 - 70 at 6,30 - 0 at 4}', 'all but that');
select is(pg_temp.told(pg_temp.pay(108, 13, 12, null, at_most => true)), '{posted}', 'a floor below zero is how far it goes');
select is(pg_temp.state(13), '-30 at 1', 'and no further');
select is(pg_temp.told(pg_temp.pay(109, 14, 12, null, at_most => true), pg_temp.pay(110, 14, 12, 5, at_most => true)), '{"invalid_field amount",posted}', 'what has no end has no all');
select is(pg_temp.told(pg_temp.pay(111, 11, 12, null), pg_temp.pay(112, 11, 12, 0, at_most => true)), '{"invalid_field amount","invalid_field amount"}', 'an amount may be left out there alone');
select is(pg_temp.told(pg_temp.pay(101, 11, 12, 60)), '{idempotency_key_reused}', 'and is another request');
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 60)), '{idempotency_key_reused}', 'than one without');
select is(pg_temp.told(pg_temp.pay(102, 11, 12, 60, at_most => true), pg_temp.pay(102, 11, 12, 40, at_most => true)), '{"posted replayed",idempotency_key_reused}', 'what was asked is compared');
select pg_temp.wallet(16, 10, floor => -9007199254740991);
select is(pg_temp.told(pg_temp.pay(123, 16, 12, null, at_most => true), pg_temp.pay(124, 16, 11, 5)), '{balance_limit_exceeded,posted}', 'one row moves no more than what is exact, and its neighbours go on');
select pg_temp.wallet(15, 100);
do $$ begin perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(15), 50, null, 'a test'); end; $$;
select is(pg_temp.told(pg_temp.pay(113, 15, 12, null, at_most => true), pg_temp.pay(114, 15, 12, 50, at_most => true)), '{limit_exceeded,posted}', 'a limit is not what is available');

-- ---- Conditions ---------------------------------------------------------------------------------

select pg_temp.wallet(21, 100);
select pg_temp.wallet(22);
select is(pg_temp.told(pg_temp.pay(201, 21, 22, 10, source_version => 1), pg_temp.pay(202, 21, 22, 10, source_version => 1), pg_temp.pay(203, 21, 22, 10, source_version => 2)),
          '{posted,condition_failed,posted}', 'a version is that at its place of the call');
select is(pg_temp.told(pg_temp.pay(202, 21, 22, 10, source_version => 1)), '{"condition_failed replayed"}', 'and stored');
select is(pg_temp.told(pg_temp.pay(204, 21, 22, 10, source_balance_min => 81), pg_temp.pay(205, 21, 22, 10, source_balance_min => 80)), '{condition_failed,posted}', 'a balance of the source');
select is(pg_temp.told(pg_temp.pay(206, 21, 22, 10, target_balance_max => 29), pg_temp.pay(207, 21, 22, 10, target_balance_max => 30)), '{condition_failed,posted}', 'one of the target');
select is(pg_temp.told(pg_temp.pay(208, 21, 22, 1000, source_version => 1)), '{condition_failed}', 'a condition comes before funds');
select is(pg_temp.told(pg_temp.pay(209, 21, 22, 1, source_version => 5, source_balance_min => 60, target_balance_max => 40)), '{posted}', 'all of them together');
select is(pg_temp.told(item), array['condition_failed'], 'a condition of a ' || kind)
  from (values (pg_temp.item(220, 21, null, 1, 'hold', source_version => 1), 'hold'), (pg_temp.item(221, null, null, 1, 'reversal', pg_temp.id(201), source_balance_min => 42), 'reversal'))
       as c (item, kind);
select is(pg_temp.told(pg_temp.hold(222, 21, 10), pg_temp.item(223, null, 22, 1, 'capture', pg_temp.id(222), source_version => 1), pg_temp.item(224, null, 22, 1, 'capture', pg_temp.id(222), target_balance_max => 40),
                       pg_temp.item(225, null, null, 5, 'adjustment', pg_temp.id(222), source_version => 1), pg_temp.item(226, null, null, null, 'release', pg_temp.id(222), source_version => 1),
                       pg_temp.item(227, null, null, null, 'release', pg_temp.id(222), source_version => 7)), '{posted,condition_failed,condition_failed,condition_failed,condition_failed,posted}',
          'and of what is done to one');
select is(pg_temp.told(item), array['invalid_field ' || field], 'a ' || field || ' that is ' || description)
  from (values (pg_temp.pay(230, 21, 22, 1, source_version => -1), 'source_version', 'below zero'), (pg_temp.pay(230, 21, 22, 1, source_version => 9007199254740992), 'source_version', 'too large'),
               (pg_temp.pay(230, 21, 22, 1, source_balance_min => -9007199254740992), 'source_balance_min', 'too small'),
               (pg_temp.pay(230, 21, 22, 1, target_balance_max => 9007199254740992), 'target_balance_max', 'too large'),
               (pg_temp.item(230, 21, null, 1, 'hold', target_balance_max => 5), 'target_balance_max', 'of no target'),
               (pg_temp.item(230, 21, 22, 1, null, pg_temp.id(201)), 'subject_id', 'of a transfer'), (pg_temp.item(230, 21, 22, 1, null, expires_in => 5), 'expires_in', 'of one'),
               (pg_temp.item(230, 21, 22, 1, null, expires_at => now()), 'expires_at', 'of one'), (pg_temp.item(230, 21, 22, 1, null, is_final => true), 'is_final', 'of one'),
               (pg_temp.item(230, 21, 22, 1, null, may_exceed => true), 'may_exceed', 'of one')) as c (item, field, description);
select is(pg_temp.told(pg_temp.pay(205, 21, 22, 10, source_balance_min => 81)), '{idempotency_key_reused}', 'another condition is another request');
select is((select array_agg(r.outcome::text) from remit_v1.transfers_post(1, array[pg_temp.request(240, 21, 22, 1), pg_temp.request(241, 21, 22, 1)], null,
               array[null, row(null, null, null, null, null, null, null, null, null, null, null, null, null)::remit_v1.transfer_terms]) r), '{posted,posted}', 'terms that say nothing are none');
select is(pg_temp.outcomes(pg_temp.request(240, 21, 22, 1), pg_temp.request(241, 21, 22, 1)), '{"posted replayed","posted replayed"}', 'both are transfers');
select results_eq($$ select terms is distinct from null, amount_asked, effect is distinct from null from remit.transfers where id in (pg_temp.id(240), pg_temp.id(241)) $$,
    $$ values (false, null::bigint, false), (false, null, false) $$, 'and rows as those of transfers');

-- ---- Dry run ------------------------------------------------------------------------------------

select pg_temp.wallet(31, 100);
select pg_temp.wallet(32, 100);
select is(pg_temp.told(pg_temp.hold(301, 31, 40, 32), pg_temp.hold(302, 31, 10, expires_in => 600), pg_temp.pay(303, 31, 32, 10)), '{posted,posted,posted}', 'before it');
select pg_temp.end_hold(302);
create function pg_temp.everything() returns text[] language plpgsql as $$
declare
    name text;
    content text;
    contents text[];
begin
    for name in select c.oid::regclass::text from pg_class c where c.relnamespace = 'remit'::regnamespace and c.relkind = 'r' order by 1 loop
        execute format('select md5(coalesce(string_agg(t::text, '';'' order by t::text), '''')) from %s t', name) into content;
        contents := contents || (name || content);
    end loop;
    for name in select c.oid::regclass::text from pg_class c where c.relnamespace = 'remit'::regnamespace and c.relkind = 'S' order by 1 loop
        execute format('select last_value || '' '' || is_called from %s', name) into content;
        contents := contents || (name || ' ' || content);
    end loop;
    return contents;
end;
$$;
create temporary table before as select pg_temp.everything() as contents;
create temporary table items as
    select array[pg_temp.pay(304, 31, 32, 50), pg_temp.pay(305, 31, 32, 1), pg_temp.capture(306, 301, amount => 15), pg_temp.hold(307, 31, 5), pg_temp.reverse(308, 303, 4), pg_temp.pay(309, 31, 32, 0),
                 pg_temp.pay(303, 31, 32, 10)]
           || pg_temp.legs(310, pg_temp.pay(1, 31, 32, 1), pg_temp.pay(2, 31, 32, 9999)) as items;
create temporary table dry as select r.* from items i, pg_temp.post_items(i.items, dry_run => true) with ordinality r;
select is((select array_agg(concat_ws(' ', outcome, field, case when replayed then 'replayed' end) order by ordinality) from dry),
          '{posted,insufficient_funds,posted,posted,posted,"invalid_field amount","posted replayed",group_refused,insufficient_funds}', 'all is decided');
select results_eq('select pg_temp.everything()', 'select contents from before', 'and nothing is written: no row, no sequence');
select is((select array_agg(outcome::text) from remit_v1.transfers_post(1, array[pg_temp.request(311, 31, 32, 1)], dry_run => true)), '{posted}', 'also without terms');
select results_eq('select pg_temp.everything()', 'select contents from before', 'nothing either');
select results_eq($$ select to_jsonb(r) - 'created_at' - 'effect' from items i, pg_temp.post_items(i.items) with ordinality r $$,
                  $$ select to_jsonb(d) - 'created_at' - 'effect' from dry d order by ordinality $$, 'what was told is what comes');
select is((select array_agg(outcome::text) from remit_v1.transfers_post(1, array[pg_temp.request(312, 31, 32, 1)], dry_run => null)), '{posted}', 'where it is not asked for');
select is((select count(*) from remit.transfers where id = pg_temp.id(312)), 1::bigint, 'all is written');
select is_empty('select * from remit_ops_v1.verify()', 'the books are right');

select * from finish();
rollback;
