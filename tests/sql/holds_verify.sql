begin;
select no_plan();
\ir fixture.psql
\ir terms.psql
\ir damage.psql

-- What is kept of holds and reversed transfers, held against the journal.
select pg_temp.wallet(11, 1000);
select pg_temp.wallet(12);
select is(pg_temp.told(
        pg_temp.hold(101, 11, 60, 12, expires_in => 600), pg_temp.capture(102, 101, amount => 20, is_final => false), pg_temp.hold(103, 11, 50, expires_in => 900), pg_temp.hold(104, 11, 40),
        pg_temp.release(105, 104), pg_temp.pay(106, 11, 12, 100), pg_temp.reverse(107, 106, 30), pg_temp.reverse(108, 106, 10), pg_temp.pay(109, 11, 12, 5)),
    array_fill('posted'::text, array[9]), 'holds and reversals');
select is_empty('select * from remit.holds_verify(1)', 'right books have no violation');
select is(pg_temp.found_after('select 1'), null, 'none at all');

select is(pg_temp.found_after(damage), expected::text[], description)
  from (values
    ('update remit.wallets set held = held + 1 where id = pg_temp.id(11)', '{held_is_sum_of_open_holds wallet 11,wallet_matches_its_last_entry wallet 11}', 'held by hand'),
    ('update remit.wallets set held = 0 where id = pg_temp.id(11)', '{held_is_sum_of_open_holds wallet 11,wallet_matches_its_last_entry wallet 11}', 'nothing held'),
    ('update remit.wallets set held_until = held_until + interval ''1 second'' where id = pg_temp.id(11)', '{held_is_sum_of_open_holds wallet 11}', 'held_until by hand'),
    ('update remit.wallets set held_until = null where id = pg_temp.id(11)', '{held_is_sum_of_open_holds wallet 11}', 'none'),
    ('update remit.wallets set held_until = now() where id = pg_temp.id(12)', '{held_is_sum_of_open_holds wallet 12}', 'one of nothing'),
    ('update remit.holds set captured = 0 where id = pg_temp.id(101)', '{held_is_sum_of_open_holds wallet 11,hold_matches_its_last_row hold 101}', 'a hold''s captured by hand'),
    ('update remit.holds set amount = 61 where id = pg_temp.id(101)', '{held_is_sum_of_open_holds wallet 11,hold_matches_its_last_row hold 101}', 'its amount'),
    ('update remit.holds set amount = 80, captured = 40 where id = pg_temp.id(101)', '{hold_matches_its_last_row hold 101}', 'both, so that the sum is right'),
    ('update remit.holds set expires_at = null where id = pg_temp.id(103)', '{hold_matches_its_last_row hold 103}', 'its end'),
    ('update remit.holds set is_open = false, closed_by = ''release'' where id = pg_temp.id(103)', '{held_is_sum_of_open_holds wallet 11,hold_matches_its_last_row hold 103}', 'closed by hand'),
    ('update remit.holds set closed_by = ''capture'' where id = pg_temp.id(104)', '{hold_matches_its_last_row hold 104}', 'by another'),
    ('update remit.holds set is_open = true, closed_by = null where id = pg_temp.id(104)', '{held_is_sum_of_open_holds wallet 11,hold_matches_its_last_row hold 104}', 'open again'),
    ('update remit.holds set target_id = null where id = pg_temp.id(101)', '{hold_matches_its_last_row hold 101}', 'its target'),
    ('update remit.holds set source_id = pg_temp.id(12) where id = pg_temp.id(103)', '{held_is_sum_of_open_holds wallet 11,held_is_sum_of_open_holds wallet 12,hold_matches_its_last_row hold 103}', 'its source'),
    ('update remit.holds set currency = ''EUR'' where id = pg_temp.id(103)', '{hold_matches_its_last_row hold 103}', 'its currency'),
    ('update remit.holds set version = version - 1 where id = pg_temp.id(101)', '{hold_matches_its_last_row hold 101}', 'its version'),
    ('update remit.holds set created_version = 99 where id = pg_temp.id(101)', '{hold_matches_its_last_row hold 101}', 'that which made it'),
    ('update remit.holds set id = pg_temp.id(999) where id = pg_temp.id(103)', '{hold_follows_from_its_rows transfer 103,hold_matches_its_last_row hold 999}', 'its id'),
    ('insert into remit.holds select ledger_id, pg_temp.id(999), source_id, target_id, currency, 1, 0, false, null, ''release'', null, metadata, 98, 99, now(), now() from remit.holds limit 1', '{hold_matches_its_last_row hold 999}', 'a hold of nothing'),
    ('delete from remit.holds where id = pg_temp.id(103)', '{held_is_sum_of_open_holds wallet 11,hold_follows_from_its_rows transfer 103}', 'an open hold that was removed'),
    ('delete from remit.holds where id = pg_temp.id(104)', '{hold_follows_from_its_rows transfer 104}', 'a closed one'),
    ('update remit.reversed_transfers set amount = 41', '{reversed_is_sum_of_reversals transfer 106}', 'reversed by hand'),
    ('update remit.reversed_transfers set amount = 30', '{reversed_is_sum_of_reversals transfer 106}', 'less'),
    ('update remit.reversed_transfers set amount = 30, reversal_ids = reversal_ids[1:1]', '{reversal_mirrors_its_original transfer 108}', 'a reversal that is not counted'),
    ('update remit.reversed_transfers set reversal_ids = reversal_ids || reversal_ids[1]', '{reversed_is_sum_of_reversals transfer 106}', 'one that is counted twice'),
    ('update remit.reversed_transfers set reversal_ids = reversal_ids || pg_temp.id(109)', '{reversed_is_sum_of_reversals transfer 106}', 'a transfer that is none'),
    ('update remit.reversed_transfers set transfer_id = pg_temp.id(109)', '{reversal_mirrors_its_original transfer 107,reversal_mirrors_its_original transfer 108,reversed_is_sum_of_reversals transfer 109}', 'another original'),
    ('delete from remit.reversed_transfers', '{reversal_mirrors_its_original transfer 107,reversal_mirrors_its_original transfer 108}', 'reversals that nobody counts'))
       as c (damage, expected, description);

select * from finish();
rollback;
