begin;
select plan(6);
\ir fixture.psql
\ir tree.psql

select is(remit.blocks_hash(1, 0, 1), null, 'no head of a log without blocks');
select pg_temp.append() \g /dev/null
select pg_temp.blocks(39);
create temporary table leaves as select pg_temp.block_leaves() as leaves;
select is_empty(
    $$ select n from leaves, generate_series(1, 40) n where remit.blocks_hash(1, 0, n) is distinct from pg_temp.mth(leaves[:n]) $$,
    'heads are as RFC 9162 has them, over whatever number of blocks');
select is_empty(
    $$ select after, n from leaves, generate_series(8, 32, 8) after, generate_series(1, 8) n
        where after + n <= 40 and remit.blocks_hash(1, after, n) is distinct from pg_temp.mth(leaves[after + 1:after + n]) $$, 'so are hashes over a part');
select is(remit.blocks_hash(1, 0, 41), null, 'none over more than there are');
select is(remit.blocks_hash(77, 0, 1), null, 'nor of another ledger');
select ok(
    (select pg_get_expr(i.indpred, i.indrelid) is null from pg_index i where i.indexrelid = 'remit.log_blocks_ledger_id_block_key'::regclass),
    'a block is looked up by its number');

select * from finish();
rollback;
