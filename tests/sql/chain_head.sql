begin;
select plan(10);
\ir fixture.psql

select is_empty('select * from remit_ops_v1.chain_head()', 'at first nothing is chained');
select is_empty('select * from remit_ops_v1.chain_head(1)', 'in no ledger');
select is(pg_temp.refusal('select remit_ops_v1.chain_head(77)'), 'WL009 ledger_id', 'an unknown ledger is refused');

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
insert into remit.ledgers (ledger_id, name) values (900, 'another'), (901, 'empty');
create function pg_temp.settle(ledger_id bigint) returns integer language sql as $$
    select remit_worker_v1.outbox_settle(settle.ledger_id, array(
        select o.id from remit.outbox o where o.ledger_id = settle.ledger_id));
$$;
select is(pg_temp.settle(1), 1, 'a block of one');
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 1), pg_temp.request(102, 11, 12, 1)), '{posted,posted}', 'two more transfers');
select is(pg_temp.settle(1), 2, 'a block of two');
do $$ begin perform remit_v1.user_create(900, (pg_temp.id(1), 'Ada', null, null, null)::remit_v1.user_request); end; $$;
select pg_temp.wallet(51, 100, ledger_id => 900);
select is(pg_temp.settle(900), 1, 'another ledger');

select results_eq(
    'select ledger_id, block, transfers from remit_ops_v1.chain_head()',
    'values (1::bigint, 2::bigint, 3::bigint), (900, 1, 1)', 'the head of each ledger that has a chain');
select results_eq(
    'select * from remit_ops_v1.chain_head(1)',
    'select ledger_id, block, transfers, hash, created_at from remit.chain_blocks where ledger_id = 1 and block = 2',
    'is its last block');
select is_empty('select * from remit_ops_v1.chain_head(901)', 'a ledger without a chain has none');

select * from finish();
rollback;
