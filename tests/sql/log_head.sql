begin;
select plan(9);
\ir fixture.psql

select is_empty('select * from remit_ops_v1.log_head()', 'at first no log has anything');
select is_empty('select * from remit_ops_v1.log_head(1)', 'of no ledger');
select is(pg_temp.refusal('select remit_ops_v1.log_head(77)'), 'WL009 ledger_id', 'an unknown ledger is refused');
select pg_temp.append() \g /dev/null
insert into remit.ledgers (ledger_id, name) values (901, 'empty');
select pg_temp.ledger(900);
select pg_temp.wallet(11, 100);
select is(pg_temp.append() > 1, true, 'a second block, and another ledger''s first');
select results_eq(
    'select ledger_id, block, position from remit_ops_v1.log_head()',
    'select 1::bigint, 2::bigint, remit.log_position(1) union all select 900, 1, 1', 'the head of each ledger whose log has something');
select results_eq('select hash from remit_ops_v1.log_head(1)', 'select remit.blocks_hash(1, 0, 2)', 'is the hash over all blocks');
select results_eq('select hash from remit_ops_v1.log_head(900)', 'select b.nodes[1] from remit.log_blocks b where b.ledger_id = 900', 'of one block, that of the block');
select results_eq('select created_at from remit_ops_v1.log_head(1)', 'select max(b.created_at) from remit.log_blocks b where b.ledger_id = 1', 'and names the last one''s time');
select is_empty('select * from remit_ops_v1.log_head(901)', 'an empty log has none');

select * from finish();
rollback;
