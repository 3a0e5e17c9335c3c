begin;
select plan(3);
\ir fixture.psql
\ir tree.psql

select pg_temp.append() \g /dev/null
select pg_temp.blocks(39);
create temporary table leaves as select pg_temp.block_leaves() as leaves;
select is(remit.block_path(1, 1, 1), '{}', 'one block needs no path');
select is_empty(
    $$ select n, block from leaves, generate_series(1, 40) n, generate_series(1, n) block
        where pg_temp.root_of(leaves[block], block, n, remit.block_path(1, block, n)) is distinct from remit.blocks_hash(1, 0, n) $$,
    'each block''s path leads to the head over any number of blocks, by the algorithm of RFC 9162');
select ok((select max(cardinality(remit.block_path(1, block, 40))) from generate_series(1, 40) block) <= 6, 'and is short');

select * from finish();
rollback;
