begin;
select plan(26);
\ir fixture.psql
\ir tree.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select pg_temp.append() \g /dev/null
create temporary table first as select b.block, b.position from remit.log_blocks b;
select is(
    pg_temp.outcomes(
        pg_temp.request(101, 11, 12, 1, reference => 'käse "1"', metadata => '{"b": "2", "a": "\u00e9\n"}', request_id => 'r'),
        pg_temp.request(102, 11, 12, 1000)),
    '{posted,insufficient_funds}', 'two journal rows');
select lives_ok($$ select remit_ops_v1.wallet_freeze(1, pg_temp.id(12), 'a test') $$, 'and a freeze');
create temporary table told as select * from pg_temp.waiting;
create temporary table details as select o.data from remit.outbox o where o.data is not null;

-- ---- Blocks -------------------------------------------------------------------------------------

create temporary table appended as select (a.appended).* from remit.log_append(1, 10000, 0) a;
select is_empty('select * from remit.outbox', 'what waited is in the log');
select results_eq('select a.* from appended a', 'select b.* from remit.log_blocks b where b.block = 2', 'as a block, which is given');
select results_eq('select a.block, a.position from appended a', 'select f.block + 1, f.position + (select count(*) from told) from first f', 'the next one, without a gap');
select results_eq(
    'select e.* from appended a, unnest(a.event_ids, a.types::text[], a.subject_ids, a.times) e',
    'select remit.event_id(t.created_at, t.number), t.type, t.subject_id, t.created_at from told t order by t.number', 'its events are in order of their numbers');
select is((select a.nodes from appended a), remit.block_nodes(1, 2, (pg_temp.block_leaves())[2]), 'it has its nodes');
select results_eq(
    $$ select d.data from appended a join remit.log_details l on l.ledger_id = a.ledger_id and l.position = a.position, unnest(l.datas) with ordinality as d (data, place)
        where d.data is not null order by d.place $$, 'select data::jsonb from details', 'details keep the data of those that carry it');
select is(((remit.log_append(1, 10000, 0)).appended).position, null, 'where nothing waits there is no block');
select is((select count(*) from remit.log_blocks), 2::bigint, 'none at all');
select is(pg_temp.outcomes(pg_temp.request(103, 11, 12, 1)), '{wallet_frozen}', 'another transfer');
delete from remit.outbox where data is not null;
select lives_ok('select remit.log_append(1, 10000, 0)', 'alone in a block');
select is((select count(*) from remit.log_details d, remit.log_blocks b where b.block = 3 and d.position = b.position), 0::bigint, 'which needs no details');

-- Only so many rows, from a floor on, and of one ledger.
select pg_temp.ledger(900);
do $$
begin
    perform remit.event_record(1, 'wallet.frozen', pg_temp.id(n), '{}', now()) from generate_series(201, 205) n;
end;
$$;
create temporary table numbers as select subject_id, number as id from pg_temp.waiting where ledger_id = 1;
select is(((remit.log_append(1, 2, (select id from numbers where subject_id = pg_temp.id(202)))).appended).subject_ids,
    array[pg_temp.id(202), pg_temp.id(203)], 'the oldest from a floor on, no more than asked for');
select is(((remit.log_append(1, 100, 0)).appended).subject_ids, array[pg_temp.id(201), pg_temp.id(204), pg_temp.id(205)], 'then the rest');
select is((select count(*) from remit.outbox where ledger_id = 900), 1::bigint, 'another ledger''s wait');
select is(((remit.log_append(900, 100, 0)).appended).block, 1::bigint, 'for a log of their own');

-- What a row tells of is never in two blocks, and a block is not larger than a row beyond 8,000.
insert into remit.outbox (ledger_id, types, subject_ids, created_at)
select 1, array_fill('transfer.posted'::remit_v1.event_type, array[2000]), array(select gen_random_uuid() from generate_series(1, 2000)), now() from generate_series(1, 6);
select is((select cardinality(((remit.log_append(1, 10000, 0)).appended).event_ids)), 10000, 'a block has ten thousand events at most');
select is((select cardinality(((remit.log_append(1, 10000, 0)).appended).event_ids)), 2000, 'the next has the rest');
select is((select count(distinct d) from remit.log_blocks b, unnest(b.digests) d where b.ledger_id = 1 and cardinality(b.digests) = 2000), 1::bigint, 'what is not in the journal');
select is((select b.digests[1] from remit.log_blocks b where b.ledger_id = 1 and cardinality(b.digests) = 2000), decode(repeat('00', 32), 'hex'), 'is zero bytes');

-- ---- Digests ------------------------------------------------------------------------------------

create temporary table moment as
    select to_char(t.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as utc, t.created_at
      from remit.transfers t where t.id = pg_temp.id(101);
select is(
    (select a.digests[1] from appended a),
    (select sha256(convert_to(format(
        '[1, "%s", "posted", "%s", "%s", 1, "USD", 2, 99, 1, 1, "r", %s]',
        pg_temp.id(101), pg_temp.id(11), pg_temp.id(12), extract(epoch from (m.utc || '+00')::timestamptz)), 'UTF8')
        || sha256(convert_to('["käse \"1\"", {"a": "é\n", "b": "2"}]', 'UTF8'))) from moment m),
    'a row''s digest can be computed by anybody, also without its labels, of which the hash is enough');
select is(
    (select a.digests[2] from appended a),
    (select sha256(convert_to(format(
        '[1, "%s", "insufficient_funds", "%s", "%s", 1000, "USD", null, null, null, null, null, %s]',
        pg_temp.id(102), pg_temp.id(11), pg_temp.id(12), extract(epoch from m.created_at)), 'UTF8') || sha256('[null, {}]')) from moment m),
    'so can that of a rejection');

-- Settings of the session that change how values look.
create temporary table digests as select id, digest from remit.transfer_digests;
set local timezone = 'Asia/Kathmandu';
set local datestyle = 'German';
set local intervalstyle = 'iso_8601';
set local bytea_output = 'escape';
set local extra_float_digits = -15;
set local lc_numeric = 'C';
select set_eq('select id, digest from remit.transfer_digests', 'select id, digest from digests', 'settings of the session change no digest');
set local client_encoding = 'LATIN1';
select set_eq('select id, digest from remit.transfer_digests', 'select id, digest from digests', 'nor does its encoding');
reset client_encoding;

select is(
    (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
      where a.attrelid = 'remit.transfers'::regclass and a.attnum > 0 and not a.attisdropped),
    '{ledger_id,id,outcome,source_id,target_id,amount,currency,source_version,source_balance,target_version,target_balance,'
    'reference,metadata,request_id,created_at,terms,amount_asked,effect}', 'the digest covers every column: a new one joins it, where it is not null');

select * from finish();
rollback;
