begin;
select plan(15);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select cmp_ok(pg_temp.append(), '>', 3::bigint, 'a block');
create temporary table exported as select * from remit_ops_v1.log_head();
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 1)), '{posted}', 'a transfer');
select is(pg_temp.append(), 2::bigint, 'another block');
insert into exported select * from remit_ops_v1.log_head();

create function pg_temp.found() returns text[] language sql as $$
    select array_agg(concat_ws(' ', v.rule, v.subject, v.detail ->> 'expected' = encode(e.hash, 'hex'),
                               v.detail -> 'hash' = 'null') order by v.subject)
      from exported e, remit_ops_v1.log_check(e.ledger_id, e.block, e.hash) v;
$$;
select is(pg_temp.found(), null, 'what was exported is still there');
select results_eq(
    $$ select v.ledger_id, v.rule, v.subject from remit_ops_v1.log_check(77, 1, sha256('x')) v $$,
    $$ values (77::bigint, 'head_is_as_exported', 'block 1') $$, 'a ledger that is gone is a violation');

-- ---- A history made anew ------------------------------------------------------------------------

-- A superuser changes a row, and makes every block after it so that verify finds nothing.
alter table remit.transfers disable trigger all;
alter table remit.log_blocks disable trigger all;
alter table remit.audit disable trigger all;
savepoint before_damage;
update remit.transfers set reference = 'another' where id = remit.initial_transfer_id(pg_temp.id(11));
create temporary table old as select b.* from remit.log_blocks b;
delete from remit.log_blocks;
do $$
declare
    made remit.log_blocks;
begin
    for made in select o.* from old o order by o.block loop
        made.digests := array(
            select coalesce((select d.digest from remit.transfer_digests d where d.ledger_id = 1 and d.id = e.id), e.digest)
              from unnest(made.subject_ids, made.digests) with ordinality as e (id, digest, place) order by e.place);
        made.nodes := remit.block_nodes(1, made.block, remit.block_leaf(1, made.block, made.position, made.created_at, remit.block_root(made)));
        insert into remit.log_blocks values (made.*);
    end loop;
end;
$$;
select is_empty($$ select * from remit_ops_v1.verify() where rule <> 'journal_is_guarded' $$, 'a log that was made anew is right in itself');
select is(pg_temp.found(), '{head_is_as_exported block 1 t f,head_is_as_exported block 2 t f}', 'but not what was exported');
rollback to before_damage;

-- An older state of the whole database is put back, and goes on from there.
select is(pg_temp.found(), null, 'the damage is undone');
delete from remit.log_blocks where block = 2;
delete from remit.transfers where id = pg_temp.id(101);
delete from remit.audit where subject_ids = array[pg_temp.id(101)];
select is_empty($$ select * from remit.log_verify(1) union all select * from remit.states_verify(1) $$, 'a log that was cut off with what it tells of is right in itself');
select is(pg_temp.found(), '{head_is_as_exported block 2 t t}', 'but the exported block is missing');

-- ---- Requests -----------------------------------------------------------------------------------

select is(pg_temp.refusal($$ select remit_ops_v1.log_check(null, 1, sha256('x')) $$), 'WL001 ledger_id', 'the ledger must be said');
select is(pg_temp.refusal($$ select remit_ops_v1.log_check(1, null, sha256('x')) $$), 'WL001 block', 'and the block');
select is(pg_temp.refusal($$ select remit_ops_v1.log_check(1, 0, sha256('x')) $$), 'WL001 block', 'which counts from 1');
select is(pg_temp.refusal($$ select remit_ops_v1.log_check(1, 1, null) $$), 'WL001 hash', 'and the hash');
select is(pg_temp.refusal($$ select remit_ops_v1.log_check(1, 1, '\x00') $$), 'WL001 hash', 'which has 32 bytes');

select * from finish();
rollback;
