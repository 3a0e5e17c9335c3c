begin;
select plan(47);
\ir fixture.psql

-- Two blocks: 101 to 103 with the wallet's first balance, then 104 and 105. 106 waits in the
-- outbox. 900 has a block too.
select pg_temp.wallet(11, 1000);
select pg_temp.wallet(12);
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 300, metadata => '{"k": "v"}'), pg_temp.request(102, 11, 12, 5000),
                           pg_temp.request(103, 12, 11, 1)), '{posted,insufficient_funds,posted}', 'transfers');
select cmp_ok(pg_temp.append(), '>', 4::bigint, 'a block');
select is(pg_temp.outcomes(pg_temp.request(104, 11, 12, 2), pg_temp.request(105, 12, 11, 2)), '{posted,posted}', 'more transfers');
select is(pg_temp.append(), 3::bigint, 'another block: a person''s act is told too');
select is(pg_temp.outcomes(pg_temp.request(106, 11, 12, 3)), '{posted}', 'one that waits');
select pg_temp.ledger(900);
do $$ begin perform remit_v1.user_create(900, (pg_temp.id(1), 'Ada', null, null, null)::remit_v1.user_request); end; $$;
select pg_temp.wallet(51, 100, ledger_id => 900);
select isnt(((remit.log_append(900, 1000, 0)).appended).position, null, 'another ledger');

select is_empty('select * from remit.log_verify(1)', 'a log that is right has no violations');
select is_empty('select * from remit.log_verify(900)', 'nor has another');
select is_empty('select * from remit.log_verify(77)', 'nor has none at all');
select is_empty('select * from remit_ops_v1.verify()', 'the books are right');

-- How many rows of the log are read: a row by row look at one slice takes as many again.
create function pg_temp.rows_read() returns bigint language sql as $$
    select sum(pg_stat_get_xact_tuples_returned(i.indexrelid))::bigint from pg_index i where i.indrelid = 'remit.log_blocks'::regclass;
$$;
create function pg_temp.blocks_read() returns bigint language plpgsql as $$
declare
    before constant bigint := pg_temp.rows_read();
begin
    perform from remit.log_verify(1, slice_rows => 2);
    return pg_temp.rows_read() - before;
end;
$$;
select is(pg_temp.blocks_read(), 4::bigint, 'however many slices, each block is read once for its links, and once for itself');

-- What is found after a superuser has switched the triggers off and done damage, which is then
-- undone.
create function pg_temp.found_after(damage text, ledger_id bigint default 1) returns text[] language plpgsql as $$
declare
    violations text[];
begin
    begin
        alter table remit.transfers disable trigger all;
        alter table remit.log_blocks disable trigger all;
        execute damage;
        select array_agg(concat_ws(' ', v.rule, regexp_replace(v.subject, '0{8}-0{4}-4000-8000-0*', ''))
                         order by v.rule, v.subject)
          into violations from remit.log_verify(found_after.ledger_id, slice_rows => 2) v;
        raise exception using errcode = 'DAMAG';
    exception
        when sqlstate 'DAMAG' then
            return violations;
    end;
end;
$$;

-- ---- Damage to the journal ----------------------------------------------------------------------

select is(pg_temp.found_after('select 1'), null, 'without damage nothing is found');
select is(
    pg_temp.found_after(format('update remit.transfers set %s where id = pg_temp.id(%s)', change, number)),
    case when change like 'created_at%' then array['event_has_the_time_of_its_transfer transfer ' || number] end
    || array['transfer_matches_the_log transfer ' || number], change)
  from (values (101, 'amount = amount + 1'), (101, 'metadata = ''{"k": "w"}'''), (102, 'reference = '''''),
               (102, 'outcome = ''wallet_frozen'''), (103, 'created_at = created_at + interval ''1 microsecond'''),
               (104, 'created_at = ''infinity'''), (105, 'target_balance = 0'), (105, 'request_id = ''r'''))
       as c (number, change);
select is(
    pg_temp.found_after('update remit.transfers set id = pg_temp.id(199) where id = pg_temp.id(101)'),
    '{logged_transfer_is_in_the_journal transfer 101,transfer_is_in_the_log_or_waits transfer 199}', 'a row under another id');
select is(
    pg_temp.found_after('delete from remit.transfers where id = pg_temp.id(102)'),
    '{logged_transfer_is_in_the_journal transfer 102}', 'a row that was deleted');
select is(
    pg_temp.found_after('insert into remit.transfers
        select t.ledger_id, pg_temp.id(199), t.outcome, t.source_id, t.target_id, t.amount, t.currency, t.source_version,
               t.source_balance, t.target_version, t.target_balance, t.reference, t.metadata, t.request_id, t.created_at
          from remit.transfers t where t.id = pg_temp.id(102)'),
    '{transfer_is_in_the_log_or_waits transfer 199}', 'a row that was added');
select is(
    pg_temp.found_after('delete from remit.outbox where subject_ids[1] = pg_temp.id(106)'),
    '{transfer_is_in_the_log_or_waits transfer 106}', 'an event that left the outbox unsettled');
select is(
    pg_temp.found_after('update remit.outbox set data = ''{}'' where subject_ids[1] = pg_temp.id(106)'),
    '{transfer_is_in_the_log_or_waits transfer 106}', 'or whose event was made another one');
select is(
    pg_temp.found_after('delete from remit.transfers where id = pg_temp.id(106); select pg_temp.append()'),
    '{logged_transfer_is_in_the_journal transfer 106}', 'a row that was deleted before it was chained');
select is(
    pg_temp.found_after('insert into remit.outbox (ledger_id, types, subject_ids, created_at)
                         values (1, ''{transfer.posted}'', array[pg_temp.id(104)], (select created_at from remit.transfers where id = pg_temp.id(104))); select pg_temp.append()'),
    '{transfer_is_in_the_log_once transfer 104}', 'an event that was told again');
select is(
    pg_temp.found_after('insert into remit.outbox (ledger_id, types, subject_ids, created_at)
                         values (1, ''{transfer.posted}'', array[pg_temp.id(104)], (select created_at from remit.transfers where id = pg_temp.id(104)))'),
    '{transfer_is_in_the_log_once transfer 104}', 'or will be');
select is(
    pg_temp.found_after('update remit.outbox set types = ''{transfer.rejected}'' where subject_ids[1] = pg_temp.id(106)'),
    '{event_tells_of_its_transfer transfer 106}', 'an event of another type');
select is(
    pg_temp.found_after('update remit.transfers set amount = 7 where ledger_id = 900', 900),
    array['transfer_matches_the_log transfer ' || remit.initial_transfer_id(pg_temp.id(51))], 'damage in another ledger is found there');
select is(pg_temp.found_after('update remit.transfers set amount = 7 where ledger_id = 900', 1), null, 'and not here');

-- ---- Damage to the log --------------------------------------------------------------------------

-- The place of a transfer's event in its block.
create function pg_temp.place(number integer) returns integer language sql as $$
    select array_position(b.subject_ids, pg_temp.id(number)) from remit.log_blocks b where b.ledger_id = 1 and pg_temp.id(number) = any (b.subject_ids);
$$;
select is(
    pg_temp.found_after('update remit.transfers set amount = 301 where id = pg_temp.id(101);
                         update remit.log_blocks b
                            set digests[pg_temp.place(101)] = (select d.digest from remit.transfer_digests d where d.id = pg_temp.id(101))
                          where b.ledger_id = 1 and b.block = 1'),
    '{block_follows_from_the_ones_before block 1}', 'a row that was changed with its digest');
select is(
    pg_temp.found_after('update remit.log_blocks b
                            set nodes = array[remit.block_leaf(1, 1, b.position, b.created_at + interval ''1 microsecond'', remit.block_root(b))],
                                created_at = b.created_at + interval ''1 microsecond''
                          where b.ledger_id = 1 and b.block = 1'),
    '{block_follows_from_the_ones_before block 2}', 'a block that was made anew');
select is(
    pg_temp.found_after('update remit.log_blocks set created_at = created_at - interval ''1 day'' where ledger_id = 1 and block = 2'),
    '{block_follows_from_the_ones_before block 2,times_of_blocks_rise block 2}', 'a time before the one before');
select is(
    pg_temp.found_after('update remit.log_blocks set times[1] = created_at + interval ''1 day'' where ledger_id = 1 and block = 2'),
    '{block_follows_from_the_ones_before block 2,event_has_the_time_of_its_transfer transfer 104,times_of_blocks_rise block 2}', 'an event that is later than its block');
select is(
    pg_temp.found_after('update remit.log_blocks set position = position + 1 where ledger_id = 1 and block = 2'),
    '{blocks_are_dense block 2}', 'a gap');
select is(
    pg_temp.found_after('update remit.log_blocks
                            set subject_ids[1] = subject_ids[2], subject_ids[2] = subject_ids[1] where ledger_id = 1 and block = 2'),
    '{block_follows_from_the_ones_before block 2,transfer_matches_the_log transfer 104,transfer_matches_the_log transfer 105}', 'ids that changed places');
select is(
    pg_temp.found_after('update remit.log_blocks set ' || damage || ' where ledger_id = 1 and block = 2'),
    '{block_follows_from_the_ones_before block 2}', damage)
  from unnest(array['event_ids[1] = gen_random_uuid()', 'types[3] = ''user.created''', 'times[3] = times[3] - interval ''1 microsecond''',
                    'nodes = nodes[1:1]', 'nodes[2] = sha256(''x'')', 'digests[3] = sha256(''x'')']) damage;
select is(
    pg_temp.found_after('delete from remit.log_blocks where ledger_id = 1 and block = 1; delete from remit.transfers
                          where ledger_id = 1 and id in (pg_temp.id(101), pg_temp.id(102), pg_temp.id(103),
                                                         remit.initial_transfer_id(pg_temp.id(11)))'),
    '{blocks_are_dense block 2}', 'the beginning of the log, with its transfers');
select is(
    pg_temp.found_after('delete from remit.log_blocks where ledger_id = 1 and block = 2'),
    '{transfer_is_in_the_log_or_waits transfer 104,transfer_is_in_the_log_or_waits transfer 105}', 'the end of the log');
select is(
    pg_temp.found_after('insert into remit.outbox (ledger_id, types, subject_ids, created_at)
                         select 1, ''{transfer.posted}'', array[t.id], t.created_at from remit.transfers t where t.id = pg_temp.id(104);
                         select remit.log_append(1, 1000, 0)'),
    '{transfer_is_in_the_log_once transfer 104}', 'a block with what is in the log already');
select is(
    pg_temp.found_after('insert into remit.cursors values (1, ''broker'', 1000)'),
    '{cursor_is_in_the_log cursor broker}', 'a cursor behind the end');

select * from finish();
rollback;
