begin;
select plan(5);
\ir fixture.psql
\ir tree.psql

select is(remit.log_position_at(1, now()), 1::bigint, 'the first event to come');
select pg_temp.blocks(3);
select remit.event_record(1, 'wallet.frozen', pg_temp.id(1), '{}', now() + interval '1 day');
select pg_temp.append() \g /dev/null
create temporary table times as select b.created_at, lag(b.created_at) over (order by b.block) as before, b.block, b.position - cardinality(b.event_ids) + 1 as first from remit.log_blocks b;
select is_empty('select block from times where remit.log_position_at(1, created_at) <> first', 'the first event of the block of then');
select is_empty($$ select block from times where remit.log_position_at(1, coalesce(before, created_at - interval '1 hour') + interval '1 microsecond') <> first $$, 'or of the next one');
select is(remit.log_position_at(1, now() + interval '2 days'), remit.log_position(1) + 1, 'behind all there is the next one');
select is((select max(block) from times where created_at >= now() + interval '1 day'), 4::bigint, 'a block is not before its events, whatever the clock says');

select * from finish();
rollback;
