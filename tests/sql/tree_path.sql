begin;
select plan(3);
\ir fixture.psql
\ir tree.psql

select is(remit.tree_path(pg_temp.leaves(1), 1), '{}', 'one leaf needs no path');
select is_empty(
    $$ select n, place from generate_series(1, 40) n, generate_series(1, n) place
        where pg_temp.root_of((pg_temp.leaves(n))[place], place, n, remit.tree_path(pg_temp.leaves(n), place)) is distinct from pg_temp.mth(pg_temp.leaves(n)) $$,
    'each leaf''s path leads to the root, by the algorithm of RFC 9162');
select is_empty(
    $$ select n, place from generate_series(2, 9) n, generate_series(1, n) place, generate_series(1, n) other
        where other <> place and pg_temp.root_of((pg_temp.leaves(n))[other], place, n, remit.tree_path(pg_temp.leaves(n), place)) = pg_temp.mth(pg_temp.leaves(n)) $$,
    'and no other leaf does');

select * from finish();
rollback;
