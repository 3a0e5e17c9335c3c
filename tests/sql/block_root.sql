begin;
select plan(2);
\ir fixture.psql
\ir tree.psql

select pg_temp.wallet(11, 100);
select pg_temp.append() \g /dev/null
select cmp_ok((select cardinality(b.event_ids) from remit.log_blocks b), '>=', 4, 'a block');
select is(
    (select remit.block_root(b) from remit.log_blocks b),
    (select pg_temp.mth(array(select remit.event_leaf(e.id, e.type, e.subject, e.time, e.digest)
                                from unnest(b.event_ids, b.types, b.subject_ids, b.times, b.digests) with ordinality as e (id, type, subject, "time", digest, place)
                               order by e.place))
       from remit.log_blocks b), 'has the root of the tree of its events');

select * from finish();
rollback;
