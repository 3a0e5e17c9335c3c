begin;
select plan(18);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select is(pg_temp.refusal('update remit.transfers set amount = 1'), 'WL011', 'the journal refuses UPDATE');
select is(pg_temp.refusal('update remit.transfers set amount = amount'), 'WL011', 'also one that changes nothing');
select is(pg_temp.refusal('delete from remit.transfers'), 'WL011', 'it refuses DELETE');
select is(pg_temp.refusal('truncate remit.transfers'), 'WL011', 'it refuses TRUNCATE');
select is(
    pg_temp.refusal(format(
        'insert into remit.transfers select * from remit.transfers on conflict (ledger_id, id) do update set amount = 1')),
    'WL011', 'it refuses an UPDATE by way of INSERT');
select is(
    pg_temp.refusal('merge into remit.transfers t using remit.transfers s on t.id = s.id when matched then delete'),
    'WL011', 'and a DELETE by way of MERGE');
set local session_replication_role = replica;
select is(pg_temp.refusal('update remit.transfers set amount = 1'), 'WL011', 'a replica is refused UPDATE as well');
select is(pg_temp.refusal('delete from remit.transfers'), 'WL011', 'and DELETE');
select is(pg_temp.refusal('truncate remit.transfers'), 'WL011', 'and TRUNCATE');
set local session_replication_role = origin;
select is((select amount::bigint from remit.transfers), 100::bigint, 'the row is as it was');
select is(pg_temp.refusal('insert into remit.transfers select * from remit.transfers'), '23505', 'a second row of one id is impossible');

-- ---- The log ------------------------------------------------------------------------------------

select pg_temp.append() \g /dev/null
select is((select count(*) from remit.log_blocks), 1::bigint, 'there is a block');
select is(pg_temp.refusal('update remit.log_blocks set block = block'), 'WL011', 'which refuses UPDATE');
select is(pg_temp.refusal('delete from remit.log_blocks'), 'WL011', 'and DELETE');
select is(pg_temp.refusal('truncate remit.log_blocks'), 'WL011', 'and TRUNCATE');
set local session_replication_role = replica;
select is(pg_temp.refusal('update remit.log_blocks set block = block'), 'WL011', 'also to a replica');
select is(pg_temp.refusal('delete from remit.log_blocks'), 'WL011', 'which may not DELETE');
select is(pg_temp.refusal('truncate remit.log_blocks'), 'WL011', 'or TRUNCATE either');
set local session_replication_role = origin;

select * from finish();
rollback;
