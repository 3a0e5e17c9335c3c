begin;
select plan(3);
\ir fixture.psql
\ir tree.psql

select is(remit.tree_root(pg_temp.leaves(1)), (pg_temp.leaves(1))[1], 'the root of one leaf is the leaf');
select is(array(select n from generate_series(1, 70) n where remit.tree_root(pg_temp.leaves(n)) = pg_temp.mth(pg_temp.leaves(n))),
          array(select generate_series(1, 70)), 'roots are as RFC 9162 has them, of whatever size');
select is(remit.tree_root('{}'), null, 'a tree without leaves has none');

select * from finish();
rollback;
