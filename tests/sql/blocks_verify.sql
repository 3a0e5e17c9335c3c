begin;
select plan(3);
\ir fixture.psql
\ir tree.psql

select pg_temp.append() \g /dev/null
select pg_temp.blocks(40);
select is_empty('select * from remit.blocks_verify(1)', 'forty blocks follow from each other');
alter table remit.log_blocks disable trigger all;
update remit.log_blocks set digests = array[sha256('x')] where block in (7, 32);
select bag_eq('select v.rule, v.subject from remit.blocks_verify(1) v', $$ values ('block_follows_from_the_ones_before', 'block 7'), ('block_follows_from_the_ones_before', 'block 32') $$, 'each that was changed is named, and no other (more in log_verify.sql)');
delete from remit.log_blocks where block = 20;
select is((select array_agg(v.rule || ' ' || v.subject) from remit.blocks_verify(1) v), '{"block_follows_from_the_ones_before block 7","blocks_are_dense block 21"}', 'it goes no further than a gap');

select * from finish();
rollback;
