begin;
select plan(28);
\ir fixture.psql
\ir tree.psql

select pg_temp.wallet(11, 1000);
select pg_temp.wallet(12);
select is(pg_temp.refusal('select remit_v1.transfer_proof(1, pg_temp.id(101))'), 'WL004 transfer_id', 'a transfer that there is not');
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 1, reference => 'käse "1"', metadata => '{"k": "é"}'), pg_temp.request(102, 11, 12, 5000)), '{posted,insufficient_funds}', 'two transfers');
select is(pg_temp.refusal('select remit_v1.transfer_proof(1, pg_temp.id(101))'), 'WL026 transfer_id', 'one that waits is not in the log yet');
select pg_temp.append() \g /dev/null
select pg_temp.blocks(20);
select is(pg_temp.outcomes(pg_temp.request(103, 11, 12, 1)), '{posted}', 'another');
select pg_temp.append() \g /dev/null
select pg_temp.blocks(10);

create temporary table proofs as
    select n, p.*, (select b.created_at from remit.log_blocks b where b.ledger_id = 1 and b.block = p.block) as block_created_at
      from unnest('{101,102,103}'::integer[]) n, lateral remit_v1.transfer_proof(1, pg_temp.id(n)) p;
select results_eq('select n, block, head_block from proofs', 'values (101, 1::bigint, 32::bigint), (102, 1, 32), (103, 22, 32)', 'each in its block, under the newest head');
select results_eq('select event_id, event_type, position from proofs', 'select e.id, e.type, e.position from remit.log_slice(1, 0, 1000) e where (e.transfer).id between pg_temp.id(101) and pg_temp.id(103) order by position', 'its event is named');
select is_empty('select n from proofs p join remit.transfers t on t.id = p.transfer_id where event_time <> remit.moment_number(t.created_at)', 'at its moment');
select is_empty($$ select n from proofs where digest <> sha256(convert_to(core, 'UTF8') || sha256(convert_to(labels, 'UTF8'))) $$, 'the digest is made of what is told');
select is_empty(
    $$ select n from proofs p
        where remit.block_leaf(1, block, block_position, block_created_at, pg_temp.root_of(
                  remit.event_leaf(event_id, event_type::remit_v1.event_type, transfer_id, (select t.created_at from remit.transfers t where t.id = p.transfer_id), digest),
                  position - block_position + block_events, block_events, event_path)) is distinct from (select b.nodes[1] from remit.log_blocks b where b.ledger_id = 1 and b.block = p.block) $$,
    'the path of the event leads to the block');
select is_empty('select n from proofs p where pg_temp.root_of((select b.nodes[1] from remit.log_blocks b where b.ledger_id = 1 and b.block = p.block), block, head_block, block_path) <> head_hash', 'and that of the block to the head');
select results_eq('select distinct head_hash, head_position from proofs', 'select hash, position from remit_ops_v1.log_head(1)', 'which is what is exported');

-- An older head is as good, where it covers the transfer.
select is((select (remit_v1.transfer_proof(1, pg_temp.id(103), 25)).head_hash), remit.blocks_hash(1, 0, 25), 'an older head, by number');
select is(pg_temp.refusal('select remit_v1.transfer_proof(1, pg_temp.id(103), 21)'), 'WL001 head_block', 'not one from before the transfer');
select is(pg_temp.refusal('select remit_v1.transfer_proof(1, pg_temp.id(103), 33)'), 'WL001 head_block', 'nor one to come');

-- A wallet whose id is that of the transfer is another thing.
do $$ begin perform remit.event_record(1, 'wallet.frozen', pg_temp.id(104), '{}', now()); end; $$;
select pg_temp.append() \g /dev/null
select is(pg_temp.outcomes(pg_temp.request(104, 11, 12, 1)), '{posted}', 'a transfer with the id of a wallet');
select is(pg_temp.refusal('select remit_v1.transfer_proof(1, pg_temp.id(104))'), 'WL026 transfer_id', 'whose event is not the transfer''s');

-- A clock that was ahead: the moment of the transfer is, and so is that of the block.
update remit.wallets set updated_at = now() + interval '1 day' where id = pg_temp.id(11);
select is(pg_temp.outcomes(pg_temp.request(105, 11, 12, 1)), '{posted}', 'a transfer ahead of the clock');
select pg_temp.append() \g /dev/null
select is((select (remit_v1.transfer_proof(1, pg_temp.id(n))).event_type from unnest('{105}'::integer[]) n), 'transfer.posted', 'has its proof');
select is((select (remit_v1.transfer_proof(1, pg_temp.id(104))).position), (select e.position from remit.log_slice(1, 0, 1000) e where (e.transfer).id = pg_temp.id(104)), 'and so has one before it');

-- A key of a user sees what it sees of the transfer.
do $$ begin perform remit_v1.user_create(1, (pg_temp.id(2), 'Grace', null, null, null)::remit_v1.user_request); end; $$;
do $$ begin perform remit_v1.wallet_create(1, (pg_temp.id(21), pg_temp.id(2), 'USD', 0, 0, null, null, null)::remit_v1.wallet_request); end; $$;
select is(pg_temp.outcomes(pg_temp.request(106, 11, 21, 1)), '{posted}', 'a transfer between two users');
select pg_temp.append() \g /dev/null
select pg_temp.key('ada', 'user', 1), pg_temp.key('grace', 'user', 2) \g /dev/null
select is((remit_v1.transfer_proof(1, pg_temp.id(101), null, sha256('ada'))).core, (select core from proofs where n = 101), 'who sees both sides is told all');
select is(pg_temp.refusal($$ select remit_v1.transfer_proof(1, pg_temp.id(101), null, sha256('grace')) $$), 'WL004 transfer_id', 'to who sees none it does not exist');
select results_eq($$ select p.core, p.labels, p.digest is null from remit_v1.transfer_proof(1, pg_temp.id(106), null, sha256('grace')) p $$, $$ values (null::text, null::text, false) $$, 'who sees one side is told the digest alone');

-- What was pruned, and what was damaged: a proof from before is as good as ever.
delete from remit.log_details;
select is((select to_jsonb(remit_v1.transfer_proof(1, pg_temp.id(101), 32))), (select to_jsonb(p) - '{n,block_created_at}'::text[] from proofs p where n = 101), 'pruned data takes nothing away');

-- ---- The script of docs/proof.md ----------------------------------------------------------------

create function pg_temp.answer(number integer) returns json language sql as $$
    select json_build_object(
               'ledger_id', p.ledger_id, 'position', p.position,
               'event', json_build_object('id', p.event_id, 'type', p.event_type, 'subject_id', p.transfer_id, 'time', p.event_time,
                                          'digest', encode(p.digest, 'hex'), 'core', p.core, 'labels', p.labels),
               'block', json_build_object('number', p.block, 'position', p.block_position, 'events', p.block_events, 'time', p.block_time,
                                          'event_path', array(select encode(h, 'hex') from unnest(p.event_path) h)),
               'head', json_build_object('block', p.head_block, 'position', p.head_position, 'hash', encode(p.head_hash, 'hex'),
                                         'block_path', array(select encode(h, 'hex') from unnest(p.block_path) h)))
      from proofs p where p.n = number;
$$;
select pg_temp.answer(101) as first, pg_temp.answer(103) as last, replace(pg_temp.answer(103)::text, '998', '999') as changed,
       replace(pg_temp.answer(103)::text, '"position" : ' || p.position, '"position" : ' || p.position + 1) as moved, encode(p.head_hash, 'hex') as head
  from proofs p where p.n = 103 \gset
\set script `awk '/^\140\140\140python/{p=1;next} /^\140/{p=0} p' docs/proof.md | base64 -w0`
\set checked `for proof in :'first' :'last'; do printf %s "$proof" | python3 -c "import base64, sys; exec(base64.b64decode(sys.argv.pop(1)))" :'script' :'head' || exit; done 2>&1`
select is(:'checked'::text, format(E'proven: transfer.posted %s at %s\nproven: transfer.posted %s at %s', a.transfer_id, a.position, b.transfer_id, b.position), 'the script takes proofs')
  from proofs a, proofs b where a.n = 101 and b.n = 103;
\set checked `printf %s :'changed' | python3 -c "import base64, sys; exec(base64.b64decode(sys.argv.pop(1)))" :'script' :'head' 2>&1`
select is(:'checked'::text, 'not proven: the transfer is not the one of the digest', 'not one whose transfer was changed');
\set checked `printf %s :'moved' | python3 -c "import base64, sys; exec(base64.b64decode(sys.argv.pop(1)))" :'script' :'head' 2>&1`
select matches(:'checked'::text, '^not proven: ', 'nor one that says another position');
select encode(remit.blocks_hash(1, 0, 25), 'hex') as other \gset
\set checked `printf %s :'last' | python3 -c "import base64, sys; exec(base64.b64decode(sys.argv.pop(1)))" :'script' :'other' 2>&1`
select is(:'checked'::text, 'not proven: the proof does not lead to the head', 'nor one of another head');

select * from finish();
rollback;
