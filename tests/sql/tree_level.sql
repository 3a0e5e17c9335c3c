begin;
select plan(3);
\ir fixture.psql
\ir tree.psql

select is(remit.tree_level(pg_temp.leaves(2)), array[pg_temp.mth(pg_temp.leaves(2))], 'two make one');
select is(remit.tree_level(pg_temp.leaves(5)),
    array[pg_temp.mth((pg_temp.leaves(5))[1:2]), pg_temp.mth((pg_temp.leaves(5))[3:4]), (pg_temp.leaves(5))[5]], 'one that is alone stays');
select is(remit.tree_level('{}'), null, 'none make none');

select * from finish();
rollback;
