begin;
select plan(1);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.append() \g /dev/null
select results_eq(
    'select unnest(remit.block_leaves(b)) from remit.log_blocks b',
    $$ select remit.event_leaf(b.event_ids[n], b.types[n], b.subject_ids[n], b.times[n], b.digests[n])
         from remit.log_blocks b, generate_series(1, cardinality(b.event_ids)) n order by n $$, 'a leaf for each event, in order');

select * from finish();
rollback;
