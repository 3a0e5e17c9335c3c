begin;
select plan(3);
\ir fixture.psql
\ir tree.psql

select pg_temp.append() \g /dev/null
select pg_temp.blocks(39);
select is((select count(*) from remit.log_blocks), 40::bigint, 'forty blocks');
select results_eq(
    'select b.block, cardinality(b.nodes) from remit.log_blocks b order by 1',
    $$ select n::bigint, (select count(*)::integer from generate_series(0, 10) e where n % (1 << e) = 0) from generate_series(1, 40) n $$,
    'a block has as many nodes as it completes');
select is_empty(
    $$ select b.block, e from remit.log_blocks b, generate_series(1, cardinality(b.nodes)) e, pg_temp.block_leaves() l
        where b.nodes[e] <> pg_temp.mth(l[b.block - (1 << (e - 1)) + 1:b.block]) $$, 'each the hash over so many blocks up to it');

select * from finish();
rollback;
