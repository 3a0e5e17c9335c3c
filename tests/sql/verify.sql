begin;
select plan(39);
\ir fixture.psql

-- 11 starts with 1000 and pays; 12 receives and pays back; 13 goes below zero; 14 is in another
-- currency, 15 untouched.
select pg_temp.wallet(11, 1000);
select pg_temp.wallet(12);
select pg_temp.wallet(13, floor => null);
select pg_temp.wallet(14, 500, currency => 'EUR');
select pg_temp.wallet(15);
select is(
    pg_temp.outcomes(
        pg_temp.request(101, 11, 12, 300), pg_temp.request(102, 11, 12, 300), pg_temp.request(103, 12, 11, 500),
        pg_temp.request(104, 13, 12, 50), pg_temp.request(105, 11, 12, 5000), pg_temp.request(106, 11, 14, 1)),
    '{posted,posted,posted,posted,insufficient_funds,currency_mismatch}', 'transfers are posted and rejected');
select lives_ok($$ select remit_ops_v1.wallet_freeze(1, pg_temp.id(15), 'a test') $$, 'a wallet is frozen');
select pg_temp.ledger(900);
do $$ begin perform remit_v1.user_create(900, (pg_temp.id(1), 'Ada', null, null, null)::remit_v1.user_request); end; $$;
select pg_temp.wallet(51, 100, ledger_id => 900);
select pg_temp.unpack();

select is_empty('select * from remit_ops_v1.verify()', 'good books have no violations');
select is_empty('select * from remit_ops_v1.verify(1)', 'nor has a ledger');
select is_empty('select * from remit_ops_v1.verify(900)', 'nor another');
select is(pg_temp.refusal('select remit_ops_v1.verify(77)'), 'WL009 ledger_id', 'an unknown ledger is refused');

-- ---- Planted damage -----------------------------------------------------------------------------

\ir damage.psql

select is(pg_temp.found_after('select 1'), null, 'without damage nothing is found');
select is(
    pg_temp.found_after('update remit.wallets set balance = balance + 1 where id = pg_temp.id(12)'),
    '{balances_sum_to_zero USD,wallet_matches_its_last_entry wallet 12}', 'a balance that was raised');
select is(
    pg_temp.found_after('update remit.wallets set balance = balance + 1 where id = pg_temp.id(12);
                         update remit.wallets set balance = balance - 1 where id = pg_temp.id(11)'),
    '{wallet_matches_its_last_entry wallet 11,wallet_matches_its_last_entry wallet 12}', 'a balance moved without a transfer');
select is(
    pg_temp.found_after('update remit.wallets set version = version + 1 where id = pg_temp.id(12)'),
    '{wallet_matches_its_last_entry wallet 12}', 'a version ahead of the entries');
select is(
    pg_temp.found_after('update remit.wallets set version = 1 where id = pg_temp.id(15)'),
    '{wallet_matches_its_last_entry wallet 15}', 'a version without entries');
select is(
    pg_temp.found_after('delete from remit.wallets where id = pg_temp.id(11)'),
    '{balances_sum_to_zero USD,entry_belongs_to_a_wallet_of_its_currency wallet 11,wallet_is_as_the_log_says wallet 11}', 'a wallet that was removed');
select is(
    pg_temp.found_after('update remit.wallets set currency = ''GBP'' where id = pg_temp.id(14)'),
    '{balances_sum_to_zero EUR,balances_sum_to_zero GBP,entry_belongs_to_a_wallet_of_its_currency wallet 14,wallet_is_as_the_log_says wallet 14}',
    'a wallet of another currency');
select is(
    pg_temp.found_after('update remit.transfers set currency = ''GBP'' where id = pg_temp.id(101)'),
    '{entry_belongs_to_a_wallet_of_its_currency wallet 11,entry_belongs_to_a_wallet_of_its_currency wallet 12}',
    'a transfer of another currency');
select is(
    pg_temp.found_after('update remit.transfers set source_version = 7 where id = pg_temp.id(102)'),
    '{entry_balance_is_sum_of_entries wallet 11,versions_are_dense wallet 11}', 'an entry out of its order');
select is(
    pg_temp.found_after('update remit.transfers set target_version = 3 where id = pg_temp.id(104)'),
    '{entry_balance_is_sum_of_entries wallet 12,versions_are_dense wallet 12}', 'two entries of one version');
select is(
    pg_temp.found_after('update remit.transfers set source_balance = source_balance + 1 where id = pg_temp.id(101)'),
    '{entry_balance_is_sum_of_entries wallet 11}', 'a source balance that is not the sum');
select is(
    pg_temp.found_after('update remit.transfers set target_balance = target_balance - 1 where id = pg_temp.id(104)'),
    '{entry_balance_is_sum_of_entries wallet 12}', 'a target balance that is not the sum');
select is(
    pg_temp.found_after('update remit.transfers set amount = 49 where id = pg_temp.id(104)'),
    '{entry_balance_is_sum_of_entries wallet 12,entry_balance_is_sum_of_entries wallet 13,'
    'wallet_matches_its_last_entry wallet 12,wallet_matches_its_last_entry wallet 13}', 'an amount that was changed');
select is(
    pg_temp.found_after('update remit.transfers set created_at = created_at + interval ''3 hours'' where id = pg_temp.id(101)'),
    '{entries_never_go_back_in_time wallet 11,entries_never_go_back_in_time wallet 12,event_has_the_time_of_its_transfer transfer 101}', 'an entry that is later than the next one');
select is(
    pg_temp.found_after('delete from remit.transfers where id = pg_temp.id(104)'),
    '{event_tells_of_its_transfer transfer 104,wallet_matches_its_last_entry wallet 12,wallet_matches_its_last_entry wallet 13}',
    'a transfer that was removed');
select is(
    pg_temp.found_after('delete from remit.transfers where id = pg_temp.id(101);
                         delete from remit.outbox where subject_ids[1] = pg_temp.id(101)'),
    '{entry_balance_is_sum_of_entries wallet 11,entry_balance_is_sum_of_entries wallet 12,versions_are_dense wallet 11,'
    'versions_are_dense wallet 12,wallet_matches_its_last_entry wallet 11,wallet_matches_its_last_entry wallet 12}',
    'an early transfer that was removed with its event');
select is(
    pg_temp.found_after('delete from remit.transfers where id = pg_temp.id(105)'),
    '{event_tells_of_its_transfer transfer 105}', 'a rejection that was removed');
select is(
    pg_temp.found_after('alter table remit.users disable trigger all; delete from remit.users where ledger_id = 900', 900),
    '{user_is_as_the_log_says user 1,wallet_has_its_user wallet 51}', 'a user who was removed');
select is(
    pg_temp.found_after('update remit.wallets set floor = 200 where id = pg_temp.id(12)'),
    '{balance_not_below_floor wallet 12,wallet_is_as_the_log_says wallet 12}', 'a floor above balances of the past');
select is(
    pg_temp.found_after('update remit.wallets set floor = 0 where id = pg_temp.id(13)'),
    '{balance_not_below_floor wallet 13,wallet_is_as_the_log_says wallet 13}', 'a balance below its floor');
select is(
    pg_temp.found_after('insert into remit.outbox (ledger_id, types, subject_ids, created_at)
                         select ledger_id, types, subject_ids, created_at from remit.outbox where subject_ids[1] = pg_temp.id(101)'),
    '{transfer_is_in_the_log_once transfer 101}', 'an event told twice');
select is(
    pg_temp.found_after('update remit.outbox set types = ''{transfer.posted}'' where subject_ids[1] = pg_temp.id(105)'),
    '{event_tells_of_its_transfer transfer 105}', 'a rejection told as posted');
select is(
    pg_temp.found_after('update remit.outbox set subject_ids = array[pg_temp.id(999)] where subject_ids[1] = pg_temp.id(101)'),
    '{event_tells_of_its_transfer transfer 999,transfer_is_in_the_log_or_waits transfer 101}', 'an event of no transfer');

-- ---- Ledgers ------------------------------------------------------------------------------------

select is(
    pg_temp.found_after('update remit.wallets set balance = balance + 1 where ledger_id = 900 and id = pg_temp.id(51)', 900),
    '{balances_sum_to_zero USD,wallet_matches_its_last_entry wallet 51}', 'damage to a ledger is found in it');
select is(
    pg_temp.found_after('update remit.wallets set balance = balance + 1 where ledger_id = 900 and id = pg_temp.id(51)', 1),
    null, 'and not in another');
select is(
    pg_temp.found_after('update remit.wallets set balance = balance + 1 where ledger_id = 900 and id = pg_temp.id(51);
                         update remit.wallets set balance = balance - 1 where ledger_id = 1 and id = pg_temp.id(12)'),
    '{balances_sum_to_zero USD,wallet_matches_its_last_entry wallet 12}', 'ledgers are not summed together');
select is(
    pg_temp.found_after('insert into remit.transfers
                         select 901, t.id, t.outcome, t.source_id, t.target_id, t.amount, t.currency, t.source_version,
                                t.source_balance, t.target_version, t.target_balance, t.reference, t.metadata, t.request_id,
                                t.created_at
                           from remit.transfers t where t.ledger_id = 1 and t.id = pg_temp.id(105)', 901),
    '{ledger_exists ledger 901,transfer_is_in_the_log_or_waits transfer 105}', 'a transfer in a ledger that does not exist');
select is(
    pg_temp.found_after('insert into remit.outbox (ledger_id, types, subject_ids, created_at)
                         values (901, ''{transfer.posted}'', array[pg_temp.id(101)], now())', 901),
    '{event_tells_of_its_transfer transfer 101,ledger_exists ledger 901}', 'an event in one');
select is(
    pg_temp.found_after('alter table remit.wallets drop constraint wallets_ledger_id_fkey, drop constraint wallets_ledger_id_user_id_fkey;
                         insert into remit.wallets (ledger_id, id, currency) values (901, pg_temp.id(99), ''USD'')', 901),
    '{ledger_exists ledger 901,wallet_is_as_the_log_says wallet 99}', 'a wallet in one');
select is(
    pg_temp.found_after('insert into remit.log_blocks
                         values (901, 1, 1, array[pg_temp.id(99)], ''{transfer.posted}'', array[pg_temp.id(101)], array[now()], array[sha256(''x'')], array[sha256(''x'')], now())', 901),
    '{block_follows_from_the_ones_before block 1,ledger_exists ledger 901,logged_transfer_is_in_the_journal transfer 101}',
    'a block in one');
select is(pg_temp.refusal('select remit_ops_v1.verify(901)'), 'WL009 ledger_id', 'which is unknown without its rows');
select is_empty('select * from remit_ops_v1.verify()', 'the damage is undone');

-- ---- The log ------------------------------------------------------------------------------------

select pg_temp.append() \g /dev/null
select is(
    pg_temp.found_after('update remit.transfers set reference = ''another'' where id = pg_temp.id(105)'),
    '{transfer_matches_the_log transfer 105}', 'a row that was changed after it was chained (more in log_verify.sql)');

select * from finish();
rollback;
