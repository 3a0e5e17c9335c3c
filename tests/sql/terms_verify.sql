begin;
select no_plan();
\ir fixture.psql
\ir terms.psql
\ir damage.psql

-- A row of the journal that has terms, held against what it is about.
select pg_temp.wallet(11, 1000);
select pg_temp.wallet(12);
select pg_temp.wallet(13, 100);
select is(pg_temp.told(
        pg_temp.hold(101, 11, 60, 12, expires_in => 600), pg_temp.capture(102, 101, amount => 20, is_final => false), pg_temp.adjust(103, 101, 70), pg_temp.capture(104, 101, amount => 10, is_final => false),
        pg_temp.hold(105, 11, 50, expires_in => 600), pg_temp.hold(106, 11, 40), pg_temp.release(107, 106), pg_temp.hold(108, 11, 10, 12), pg_temp.capture(109, 108, amount => 15, may_exceed => true),
        pg_temp.pay(110, 11, 12, 30), pg_temp.reverse(111, 110, 20), pg_temp.hold(112, 11, 9, 12), pg_temp.capture(113, 112)),
    array_fill('posted'::text, array[13]), 'holds and a reversal');
select is(pg_temp.told(variadic pg_temp.legs(120, pg_temp.pay(1, 11, 12, 1), pg_temp.pay(2, 11, 12, 2), pg_temp.pay(3, 11, 12, 3))), '{posted,posted,posted}', 'a group');
select pg_temp.end_hold(105);
select is(pg_temp.told(pg_temp.pay(121, 11, 12, 1)), '{posted}', 'an expiry');
select is(pg_temp.found_after('select 1'), null, 'right books have no violation');

-- Which rules find it, of holds, reversals and groups.
create function pg_temp.rules_after(damage text) returns text[] language sql as $$
    select array_agg(distinct split_part(f, ' ', 1) order by split_part(f, ' ', 1)) from unnest(pg_temp.found_after(damage)) f;
$$;
select ok(pg_temp.rules_after('update remit.transfers set ' || damage) @> rules::text[], description || ' is found as ' || rules)
  from (values
    ('effect.source_held = (effect).source_held + 1 where id = pg_temp.id(102)', '{held_is_sum_of_open_holds}', 'what a row says is held'),
    ('effect.source_held = null where id = pg_temp.id(102)', '{held_is_sum_of_open_holds}', 'nothing'),
    ('effect.source_held = null where id = pg_temp.id(110)', '{held_is_sum_of_open_holds}', 'nothing, after a transfer'),
    ('effect.source_held = 5 where id = pg_temp.id(121)', '{held_is_sum_of_open_holds}', 'something, after a transfer'),
    ('effect.target_held = 5 where id = pg_temp.id(110)', '{held_is_sum_of_open_holds}', 'something of its target'),
    ('effect.hold_amount = 61 where id = pg_temp.id(101)', '{hold_follows_from_its_rows}', 'an authorised amount'),
    ('effect.hold_captured = 1 where id = pg_temp.id(101)', '{hold_follows_from_its_rows}', 'a capture of nothing'),
    ('effect.hold_remaining = 59 where id = pg_temp.id(101)', '{hold_follows_from_its_rows}', 'a remainder'),
    ('effect.hold_before = 1 where id = pg_temp.id(101)', '{hold_follows_from_its_rows}', 'a row before the first'),
    ('effect.hold_before = null where id = pg_temp.id(104)', '{hold_follows_from_its_rows}', 'no row before the last'),
    ('effect.hold_before = 2 where id = pg_temp.id(104)', '{hold_follows_from_its_rows}', 'another row before it'),
    ('effect.hold_captured = 25 where id = pg_temp.id(102)', '{hold_follows_from_its_rows}', 'another sum of captures'),
    ('effect.hold_remaining = 0 where id = pg_temp.id(102)', '{hold_follows_from_its_rows}', 'a hold that ends twice'),
    ('effect.hold_expires_at = (effect).hold_expires_at + interval ''1 hour'' where id = pg_temp.id(102)', '{hold_follows_from_its_rows}', 'an end that a capture moved'),
    ('effect.hold_expires_at = (effect).hold_expires_at + interval ''1 hour'' where id = pg_temp.id(104)', '{hold_follows_from_its_rows,hold_matches_its_last_row}', 'so is the last one'),
    ('effect = null where id = pg_temp.id(102)', '{hold_follows_from_its_rows}', 'a capture of no hold'),
    ('terms = null where id = pg_temp.id(102)', '{hold_follows_from_its_rows}', 'a capture that was made a transfer'),
    ('terms = null where id = pg_temp.id(113)', '{hold_matches_its_last_row}', 'the last one'),
    ('terms.kind = null where id = pg_temp.id(102)', '{hold_follows_from_its_rows}', 'one without a kind'),
    ('terms.kind = ''release'' where id = pg_temp.id(104)', '{hold_follows_from_its_rows}', 'another kind'),
    ('terms.subject_id = pg_temp.id(108) where id = pg_temp.id(104)', '{hold_follows_from_its_rows}', 'another hold'),
    ('terms.is_final = true where id = pg_temp.id(102)', '{hold_follows_from_its_rows}', 'a last capture that was not'),
    ('terms.may_exceed = null where id = pg_temp.id(109)', '{hold_follows_from_its_rows}', 'more than remained, where it might not'),
    ('amount = 21 where id = pg_temp.id(102)', '{hold_follows_from_its_rows}', 'another amount of a capture'),
    ('amount = 71 where id = pg_temp.id(103)', '{hold_follows_from_its_rows}', 'another total'),
    ('amount = 39 where id = pg_temp.id(107)', '{hold_follows_from_its_rows}', 'another amount of a release'),
    ('amount = 49 where (terms).kind = ''expiry''', '{hold_follows_from_its_rows}', 'or of an expiry'),
    ('created_at = created_at + interval ''1 hour'' where id = pg_temp.id(104)', '{hold_follows_from_its_rows,entries_never_go_back_in_time}', 'a capture after the end'),
    ('effect.hold_expires_at = created_at where id in (pg_temp.id(101), pg_temp.id(102))', '{hold_follows_from_its_rows}', 'one at the end'),
    ('effect.hold_expires_at = (effect).hold_expires_at + interval ''1 hour'' where id = pg_temp.id(105)', '{hold_follows_from_its_rows}', 'an expiry before its time'),
    ('effect.hold_expires_at = null where id = pg_temp.id(105)', '{hold_follows_from_its_rows}', 'one of a hold that never ends'),
    ('target_id = pg_temp.id(13) where id = pg_temp.id(102)', '{hold_follows_from_its_rows}', 'a capture to another than the hold names'),
    ('id = pg_temp.id(999) where (terms).kind = ''expiry''', '{hold_follows_from_its_rows}', 'an expiry under another id'),
    ('source_id = pg_temp.id(13) where id = pg_temp.id(111)', '{reversal_mirrors_its_original}', 'a reversal with another side'),
    ('target_id = pg_temp.id(13) where id = pg_temp.id(111)', '{reversal_mirrors_its_original}', 'or the other'),
    ('source_id = target_id, target_id = source_id, source_version = target_version, target_version = source_version, source_balance = target_balance, target_balance = source_balance where id = pg_temp.id(111)', '{reversal_mirrors_its_original}', 'or the same'),
    ('terms.subject_id = pg_temp.id(121) where id = pg_temp.id(111)', '{reversal_mirrors_its_original,reversed_is_sum_of_reversals}', 'a reversal of another'),
    ('terms.subject_id = null where id = pg_temp.id(111)', '{reversal_mirrors_its_original}', 'or of none'),
    ('amount = 31 where id = pg_temp.id(111)', '{reversed_is_sum_of_reversals}', 'a reversal of more'),
    ('terms = null where id = pg_temp.id(111)', '{reversed_is_sum_of_reversals}', 'one that was made a transfer'),
    ('amount = 19 where id = pg_temp.id(110)', '{reversed_is_sum_of_reversals}', 'an original of less'),
    ('id = pg_temp.id(999) where id = remit_v1.leg_id(pg_temp.id(120), 1)', '{group_is_whole}', 'a first leg''s id'),
    ('id = pg_temp.id(999) where id = remit_v1.leg_id(pg_temp.id(120), 3)', '{group_is_whole}', 'a last leg''s'),
    ('outcome = ''insufficient_funds'', source_version = null, target_version = null where id = remit_v1.leg_id(pg_temp.id(120), 2)', '{group_is_whole}', 'half a group'),
    ('terms.group_place = 2 where id = remit_v1.leg_id(pg_temp.id(120), 3)', '{group_is_whole}', 'a leg twice'),
    ('terms.group_place = null where id = remit_v1.leg_id(pg_temp.id(120), 3)', '{group_is_whole}', 'a leg of no place'),
    ('terms.group_size = 2 where id = remit_v1.leg_id(pg_temp.id(120), 3)', '{group_is_whole}', 'another size'),
    ('terms.group_id = pg_temp.id(121) where id = remit_v1.leg_id(pg_temp.id(120), 3)', '{group_is_whole}', 'another group'),
    ('terms = null where id = remit_v1.leg_id(pg_temp.id(120), 2)', '{group_is_whole}', 'a leg that was made a transfer'))
       as c (damage, rules, description);
select ok(pg_temp.rules_after('delete from remit.transfers where ' || damage) @> rules::text[], description || ' is found as ' || rules)
  from (values ('id = remit_v1.leg_id(pg_temp.id(120), 2)', '{group_is_whole}', 'a leg that was removed'), ('id = remit_v1.leg_id(pg_temp.id(120), 1)', '{group_is_whole}', 'the first'),
               ('id = pg_temp.id(102)', '{hold_follows_from_its_rows,held_is_sum_of_open_holds}', 'a capture that was removed'), ('id = pg_temp.id(101)', '{hold_follows_from_its_rows,hold_matches_its_last_row}', 'a hold'),
               ('(terms).kind = ''expiry''', '{hold_matches_its_last_row,held_is_sum_of_open_holds}', 'an expiry'), ('id = pg_temp.id(111)', '{reversed_is_sum_of_reversals}', 'a reversal'),
               ('id = pg_temp.id(110)', '{reversal_mirrors_its_original,reversed_is_sum_of_reversals}', 'what was reversed')) as c (damage, rules, description);

-- Once they are in the log, every column of it.
select pg_temp.append() \g /dev/null
select is(pg_temp.found_after('select 1'), null, 'a log that is right');
select ok(pg_temp.rules_after(format('update remit.transfers set %s where id = pg_temp.id(102)', damage)) @> '{transfer_matches_the_log}', 'a row that was changed after it was chained: ' || damage)
  from unnest(array[
    'amount_asked = 19', 'terms.kind = null', 'terms.subject_id = null', 'terms.is_final = null', 'terms.may_exceed = true', 'terms.at_most = true', 'terms.expires_at = now()', 'terms.expires_in = 5',
    'terms.group_id = pg_temp.id(1)', 'terms.group_place = 1', 'terms.group_size = 2', 'terms.source_version = 1', 'terms.source_balance_min = 1', 'terms.target_balance_max = 1',
    'effect.source_held = 1', 'effect.source_held_until = now()', 'effect.target_held = 1', 'effect.target_held_until = now()', 'effect.hold_amount = 1', 'effect.hold_captured = 1', 'effect.hold_remaining = 1',
    'effect.hold_expires_at = now()', 'effect.hold_before = 1', 'terms = null', 'effect = null']) damage;

select * from finish();
rollback;
