begin;
select plan(15);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
create function pg_temp.settle() returns integer language sql as $$
    select remit_worker_v1.outbox_settle(1, array(select o.id from remit.outbox o where o.ledger_id = 1));
$$;
select is(pg_temp.settle(), 1, 'a block');
create temporary table exported as select * from remit_ops_v1.chain_head();
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 1)), '{posted}', 'a transfer');
select is(pg_temp.settle(), 1, 'another block');
insert into exported select * from remit_ops_v1.chain_head();

create function pg_temp.found() returns text[] language sql as $$
    select array_agg(concat_ws(' ', v.rule, v.subject, v.detail ->> 'expected' = encode(e.hash, 'hex'),
                               v.detail -> 'hash' = 'null') order by v.subject)
      from exported e, remit_ops_v1.chain_check(e.ledger_id, e.block, e.hash) v;
$$;
select is(pg_temp.found(), null, 'what was exported is still there');
select results_eq(
    $$ select v.ledger_id, v.rule, v.subject from remit_ops_v1.chain_check(77, 1, sha256('x')) v $$,
    $$ values (77::bigint, 'block_is_as_exported', 'block 1') $$, 'a ledger that is gone is a violation');

-- ---- A history made anew ------------------------------------------------------------------------

-- A superuser changes a row, and makes every block after it so that verify finds nothing.
alter table remit.transfers disable trigger all;
alter table remit.chain_blocks disable trigger all;
savepoint before_damage;
update remit.transfers set reference = 'another' where id = remit.initial_transfer_id(pg_temp.id(11));
create temporary table settled as
    select b.block, c.id from remit.chain_blocks b, unnest(b.transfer_ids) as c (id);
delete from remit.chain_blocks;
do $$ begin perform remit.chain_append(1, array(select s.id from settled s where s.block = b)) from generate_series(1, 2) b; end; $$;
select is_empty($$ select * from remit_ops_v1.verify() where rule <> 'journal_is_guarded' $$, 'a chain that was made anew is right in itself');
select is(pg_temp.found(), '{block_is_as_exported block 1 t f,block_is_as_exported block 2 t f}', 'but not what was exported');
rollback to before_damage;

-- An older state of the whole database is put back, and goes on from there.
select is(pg_temp.found(), null, 'the damage is undone');
delete from remit.chain_blocks where block = 2;
delete from remit.transfers where id = pg_temp.id(101);
select is_empty('select * from remit.chain_verify(1)', 'a chain that was cut off with its transfers is right in itself');
select is(pg_temp.found(), '{block_is_as_exported block 2 t t}', 'but the exported block is missing');

-- ---- Requests -----------------------------------------------------------------------------------

select is(pg_temp.refusal($$ select remit_ops_v1.chain_check(null, 1, sha256('x')) $$), 'WL001 ledger_id', 'the ledger must be said');
select is(pg_temp.refusal($$ select remit_ops_v1.chain_check(1, null, sha256('x')) $$), 'WL001 block', 'and the block');
select is(pg_temp.refusal($$ select remit_ops_v1.chain_check(1, 0, sha256('x')) $$), 'WL001 block', 'which counts from 1');
select is(pg_temp.refusal($$ select remit_ops_v1.chain_check(1, 1, null) $$), 'WL001 hash', 'and the hash');
select is(pg_temp.refusal($$ select remit_ops_v1.chain_check(1, 1, '\x00') $$), 'WL001 hash', 'which has 32 bytes');

select * from finish();
rollback;
