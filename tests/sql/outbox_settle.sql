begin;
select plan(17);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 1), pg_temp.request(102, 11, 12, 1), pg_temp.request(103, 11, 12, 1)),
          '{posted,posted,posted}', 'three more events');
create temporary table events as select id, row_number() over (order by id) as place from remit_worker_v1.outbox_read(100);
insert into remit.ledgers (ledger_id, name) values (900, 'another');

select is(remit_worker_v1.outbox_settle(900, (select array_agg(id) from events)), 0, 'another ledger''s events are left alone');
select is(remit_worker_v1.outbox_settle(1, (select array_agg(id) from events where place in (2, 3))), 2, 'two events leave');
select results_eq(
    'select id from remit_worker_v1.outbox_read(100)', 'select id from events where place in (1, 4) order by id',
    'the others stay, also an older one');
select is(remit_worker_v1.outbox_settle(1, (select array_agg(id) from events)), 2, 'only those that are there are counted');
select is_empty('select * from remit_worker_v1.outbox_read(100)', 'all are gone');
select is(remit_worker_v1.outbox_settle(1, (select array_agg(id) from events)), 0, 'settling twice does no harm');
select is(remit_worker_v1.outbox_settle(1, '{}'), 0, 'nor does settling nothing');
select is(remit_worker_v1.outbox_settle(1, null), 0, 'nor null');
select is(pg_temp.journal_count(), 4::bigint, 'the journal is not touched');

-- ---- The chain ----------------------------------------------------------------------------------

create function pg_temp.blocks() returns text[] language sql as $$
    select array_agg(array_to_string(array(select case when i = remit.initial_transfer_id(pg_temp.id(11)) then 'initial'
                                                       else pg_temp.number(i)::text end
                                             from unnest(b.transfer_ids) with ordinality as c (i, place) order by place), ' ')
                     order by b.block)
      from remit.chain_blocks b;
$$;
select is(
    pg_temp.blocks(), '{101 102,"initial 103"}',
    'each call that removed something appended a block with it: a late event comes later, none comes twice');
select is(
    pg_temp.outcomes(pg_temp.request(104, 11, 12, 1), pg_temp.request(105, 11, 12, 1000)),
    '{posted,insufficient_funds}', 'two more events');
do $$ begin perform remit_ops_v1.wallet_freeze(1, pg_temp.id(12), 'a test'); end; $$;
select is(
    remit_worker_v1.outbox_settle(1, (select array_agg(id order by id desc) from remit_worker_v1.outbox_read(100))),
    3, 'and one of a wallet');
select is((pg_temp.blocks())[3:], '{104 105}', 'rows are chained in order of their events, and only rows of the journal');
do $$ begin perform remit_ops_v1.wallet_unfreeze(1, pg_temp.id(12), 'a test'); end; $$;
select is(
    remit_worker_v1.outbox_settle(1, (select array_agg(id) from remit_worker_v1.outbox_read(100))), 1,
    'an event of a wallet alone leaves');
select is(cardinality(pg_temp.blocks()), 3, 'without a block');
select is_empty('select * from remit_ops_v1.verify()', 'the books are right');

select * from finish();
rollback;
