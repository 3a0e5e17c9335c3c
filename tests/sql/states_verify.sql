begin;
select plan(66);
\ir fixture.psql

-- Users 1 and 2; wallet 11 was frozen and thawed, has limits; 12 is frozen, had limits; 13 is as it
-- was made. Keys 'kept' and 'revoked'. Ledger 900.
do $$
begin
    perform remit_v1.user_create(1, (pg_temp.id(2), 'Grace', 'grace@example.org', 'r', '{"a": "b"}')::remit_v1.user_request);
    perform pg_temp.wallet(11, 100), pg_temp.wallet(12), pg_temp.wallet(13);
    perform remit_ops_v1.wallet_freeze(1, pg_temp.id(n), 'a test') from unnest('{11,12}'::integer[]) n;
    perform remit_ops_v1.wallet_unfreeze(1, pg_temp.id(11), 'a test');
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(n), 50, 100, 'a test') from unnest('{11,12}'::integer[]) n;
    perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(12), null, null, 'a test');
    perform pg_temp.key('kept', 'reader'), pg_temp.key('revoked', 'admin'), pg_temp.ledger(900);
    perform remit_v1.key_revoke(1, k.id, 'a test') from remit.keys k where k.name = 'revoked';
end;
$$;

-- What is found after a superuser has switched the triggers off and done damage, which is then
-- undone.
create function pg_temp.found_after(damage text, ledger_id bigint default 1) returns text[] language plpgsql as $$
declare
    violations text[];
begin
    begin
        set constraints all immediate;
        alter table remit.audit disable trigger all;
        alter table remit.users disable trigger all;
        alter table remit.wallets disable trigger all;
        alter table remit.keys disable trigger all;
        alter table remit.ledgers disable trigger all;
        alter table remit.log_blocks disable trigger all;
        execute damage;
        select array_agg(concat_ws(' ', regexp_replace(v.subject, '0{8}-0{4}-4000-8000-0*', ''), v.detail ->> 'state', v.detail ->> 'difference') order by v.subject, v.detail)
          into violations from remit.states_verify(found_after.ledger_id, slice_rows => 3) v;
        raise exception using errcode = 'DAMAG';
    exception
        when sqlstate 'DAMAG' then
            return violations;
    end;
end;
$$;
create temporary table damages (subject, state, change, difference) as values
    ('user 2', 'user.created', 'update remit.users set name = ''Eve'' where id = pg_temp.id(2)', 'its row is another'),
    ('user 2', 'user.created', 'update remit.users set email = ''eve@example.org'' where id = pg_temp.id(2)', 'its row is another'),
    ('user 2', 'user.created', 'update remit.users set reference = null where id = pg_temp.id(2)', 'its row is another'),
    ('user 2', 'user.created', 'update remit.users set metadata = ''{}'' where id = pg_temp.id(2)', 'its row is another'),
    ('user 2', 'user.created', 'update remit.users set created_as = null where id = pg_temp.id(2)', 'its row is another'),
    ('user 2', 'user.created', 'update remit.users set created_at = created_at - interval ''1 microsecond'' where id = pg_temp.id(2)', 'its row is another'),
    ('user 2', 'user.created', 'delete from remit.users where id = pg_temp.id(2)', 'its row is gone'),
    ('user 3', 'user.created', 'insert into remit.users (ledger_id, id, name) values (1, pg_temp.id(3), ''Eve'')', 'it has no event'),
    ('wallet 13', 'wallet.created', 'update remit.wallets set user_id = pg_temp.id(2) where id = pg_temp.id(13)', 'its row is another'),
    ('wallet 13', 'wallet.created', 'update remit.wallets set currency = ''EUR'' where id = pg_temp.id(13)', 'its row is another'),
    ('wallet 13', 'wallet.created', 'update remit.wallets set floor = -100 where id = pg_temp.id(13)', 'its row is another'),
    ('wallet 13', 'wallet.created', 'update remit.wallets set reference = ''x'' where id = pg_temp.id(13)', 'its row is another'),
    ('wallet 13', 'wallet.created', 'update remit.wallets set metadata = ''{"x": "y"}'' where id = pg_temp.id(13)', 'its row is another'),
    ('wallet 13', 'wallet.created', 'update remit.wallets set created_as = sha256(''x'') where id = pg_temp.id(13)', 'its row is another'),
    ('wallet 13', 'wallet.created', 'update remit.wallets set created_at = created_at - interval ''1 day'' where id = pg_temp.id(13)', 'its row is another'),
    ('wallet 13', 'wallet.created', 'delete from remit.wallets where id = pg_temp.id(13)', 'its row is gone'),
    ('wallet 14', 'wallet.created', 'insert into remit.wallets (ledger_id, id, user_id, currency) values (1, pg_temp.id(14), pg_temp.id(1), ''USD'')', 'it has no event'),
    ('wallet 12', 'wallet.frozen', 'update remit.wallets set status = ''active'' where id = pg_temp.id(12)', 'its row is another'),
    ('wallet 12', 'wallet.frozen', 'update remit.wallets set status = ''active'', status_version = 0 where id = pg_temp.id(12)', 'its row is another'),
    ('wallet 11', 'wallet.frozen', 'update remit.wallets set status = ''frozen'' where id = pg_temp.id(11)', 'its row is another'),
    ('wallet 13', 'wallet.frozen', 'update remit.wallets set status = ''frozen'' where id = pg_temp.id(13)', 'it has no event'),
    ('wallet 13', 'wallet.frozen', 'update remit.wallets set status_version = 2 where id = pg_temp.id(13)', 'it has no event'),
    ('wallet 11', 'wallet.limits_set', 'update remit.wallets set transfer_max = 51 where id = pg_temp.id(11)', 'its row is another'),
    ('wallet 11', 'wallet.limits_set', 'update remit.wallets set daily_max = null where id = pg_temp.id(11)', 'its row is another'),
    ('wallet 11', 'wallet.limits_set', 'update remit.wallets set transfer_max = null, daily_max = null where id = pg_temp.id(11)', 'its row is another'),
    ('wallet 12', 'wallet.limits_set', 'update remit.wallets set transfer_max = 50, daily_max = 100 where id = pg_temp.id(12)', 'its row is another'),
    ('wallet 13', 'wallet.limits_set', 'update remit.wallets set daily_max = 5 where id = pg_temp.id(13)', 'it has no event'),
    ('key', 'key.created', 'update remit.keys set name = ''x'' where name = ''kept''', 'its row is another'),
    ('key', 'key.created', 'update remit.keys set scope = ''admin'' where name = ''kept''', 'its row is another'),
    ('key', 'key.created', 'update remit.keys set scope = ''user'', user_id = pg_temp.id(1) where name = ''kept''', 'its row is another'),
    ('key', 'key.created', 'update remit.keys set sha256 = sha256(''eve'') where name = ''kept''', 'its row is another'),
    ('key', 'key.created', 'update remit.keys set created_at = created_at - interval ''1 day'' where name = ''kept''', 'its row is another'),
    ('key', 'key.created', 'update remit.keys set expires_at = now() where name = ''kept''', 'its row is another'),
    ('key', 'key.created', 'delete from remit.keys where name = ''kept''', 'its row is gone'),
    ('key', 'key.created', 'insert into remit.keys (ledger_id, name, scope, sha256) values (1, ''x'', ''admin'', sha256(''eve''))', 'it has no event'),
    ('key', 'key.revoked', 'update remit.keys set revoked_at = null where name = ''revoked''', 'its row is another'),
    ('key', 'key.revoked', 'update remit.keys set revoked_at = revoked_at + interval ''1 day'' where name = ''revoked''', 'its row is another'),
    ('key', 'key.revoked', 'update remit.keys set revoked_at = now() where name = ''kept''', 'it has no event'),
    ('act', 'operator.acted', 'update remit.audit set reason = ''another'' where action = ''user_create''', 'its row is another'),
    ('act', 'operator.acted', 'update remit.audit set actor = ''eve'' where action = ''user_create''', 'its row is another'),
    ('act', 'operator.acted', 'update remit.audit set action = ''x'' where action = ''user_create''', 'its row is another'),
    ('act', 'operator.acted', 'update remit.audit set at = now() - interval ''1 day'' where action = ''user_create''', 'its row is another'),
    ('act', 'operator.acted', 'update remit.audit set application_name = ''x'' where action = ''user_create''', 'its row is another'),
    ('act', 'operator.acted', 'update remit.audit set key_id = gen_random_uuid() where action = ''user_create''', 'its row is another'),
    ('act', 'operator.acted', 'update remit.audit set subject_ids = ''{}'' where action = ''user_create''', 'its row is another'),
    ('act', 'operator.acted', 'update remit.audit set detail = ''{"x": "y"}'' where action = ''user_create''', 'its row is another'),
    ('act', 'operator.acted', 'delete from remit.audit where action = ''user_create''', 'its row is gone'),
    ('act', 'operator.acted', 'insert into remit.audit (ledger_id, at, action, actor, application_name, subject_ids, detail) values (1, now(), ''x'', ''eve'', '''', ''{}'', ''{}'')', 'it has no event'),
    ('ledger 1', 'ledger.created', 'update remit.ledgers set name = ''x'' where ledger_id = 1', 'it has no event');
-- As verify tells it, without ids that are random.
create function pg_temp.expected(subject text, state text, difference text) returns text language sql as $$
    select concat_ws(' ', case when subject in ('key', 'act') then '.*' else subject end, state, difference);
$$;

select is(pg_temp.found_after('select 1'), null, 'what waits and is right has no violations');
select matches(array_to_string(pg_temp.found_after('update remit.wallets set floor = -100 where id = pg_temp.id(13)'), ', '),
    '^wallet 13 wallet.created its row is another$', 'damage is found while the events wait');
select is(pg_temp.found_after('delete from remit.outbox where types[1] = ''user.created'' and subject_ids[1] = pg_temp.id(2)'), '{"user 2 user.created it has no event"}', 'an event that was deleted');
select is(pg_temp.found_after('update remit.outbox set data = ''{}'' where types[1] = ''user.created'' and subject_ids[1] = pg_temp.id(2)'), '{"user 2 user.created its row is another"}', 'or changed');
select is(pg_temp.found_after('insert into remit.outbox (ledger_id, types, subject_ids, data, created_at) values (1, ''{user.created}'', array[pg_temp.id(99)], ''{}'', now())'),
    '{"user 99 user.created its row is gone"}', 'or made up');

-- The first half goes to the log, what follows it waits.
do $$
begin
    perform pg_temp.append();
    perform remit_ops_v1.wallet_unfreeze(1, pg_temp.id(12), 'a test');
    perform remit_ops_v1.wallet_freeze(1, pg_temp.id(12), 'a test');
end;
$$;
select is(pg_temp.found_after('select 1'), null, 'log and outbox together have no violations');
select is(pg_temp.found_after('update remit.wallets set status_version = 1 where id = pg_temp.id(12)'), '{"wallet 12 wallet.frozen its row is another"}', 'the last event counts, also where it waits');
select pg_temp.append() \g /dev/null
select is(pg_temp.found_after('select 1'), null, 'nor has the log');
select matches(array_to_string(pg_temp.found_after(change), ', '), '^' || pg_temp.expected(subject, state, difference) || '$', change) from damages;
select is(pg_temp.found_after('update remit.ledgers set name = ''x'' where ledger_id = 900', 900), '{"ledger 900 ledger.created its row is another"}', 'a ledger''s name');
select is(pg_temp.found_after('update remit.users set name = ''Eve'' where id = pg_temp.id(2)', 900), null, 'damage in another ledger is not of this one');
select is(pg_temp.found_after('update remit.log_blocks set digests[array_position(subject_ids, pg_temp.id(2))] = sha256(''x'') where ledger_id = 1 and block = 1'),
    '{"user 2 user.created its row is another"}', 'a digest in the log');

-- Digests are enough.
delete from remit.log_details;
select is(pg_temp.found_after('select 1'), null, 'a log that was pruned is as right');
select matches(array_to_string(pg_temp.found_after(change), ', '), '^' || pg_temp.expected(subject, state, difference) || '$', 'pruned: ' || change) from damages where change like 'update%' and subject <> 'act' limit 3;

-- However many slices, each row and each block is read as often.
create function pg_temp.rows_read() returns bigint language sql as $$
    select sum(pg_stat_get_xact_tuples_returned(i.indexrelid))::bigint from pg_index i where i.indrelid = 'remit.log_blocks'::regclass;
$$;
create function pg_temp.blocks_read(slice_rows integer) returns bigint language plpgsql as $$
declare
    before constant bigint := pg_temp.rows_read();
begin
    perform from remit.states_verify(900, blocks_read.slice_rows);
    return pg_temp.rows_read() - before;
end;
$$;
select is(pg_temp.blocks_read(1), 1::bigint, 'blocks are read once, where no event was followed by another');
select is_empty($$ select * from remit_ops_v1.verify() where rule <> 'journal_is_guarded' $$, 'the damage is undone');

select * from finish();
rollback;
