begin;
select plan(17);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select is(
    pg_temp.outcomes(
        pg_temp.request(101, 11, 12, 1, reference => 'käse "1"', metadata => '{"b": "2", "a": "\u00e9\n"}', request_id => 'r'),
        pg_temp.request(102, 11, 12, 1000)),
    '{posted,insufficient_funds}', 'two journal rows');

create function pg_temp.append(variadic numbers integer[]) returns void language sql as $$
    select remit.chain_append(1, array(select pg_temp.id(n.number)
                                         from unnest(numbers) with ordinality as n (number, place) order by n.place));
$$;

-- ---- Blocks -------------------------------------------------------------------------------------

select lives_ok($$ select pg_temp.append(102, 101) $$, 'a block of two');
select lives_ok($$ select pg_temp.append(999) $$, 'and one of a transfer that is gone');
select results_eq(
    $$ select b.block, b.transfers, array(select pg_temp.number(i) from unnest(b.transfer_ids) i), cardinality(b.digests)
         from remit.chain_blocks b where b.ledger_id = 1 order by b.block $$,
    $$ values (1::bigint, 2::bigint, '{102,101}'::integer[], 2), (2, 3, '{999}', 1) $$, 'are numbered and counted, in the order given');
select is(
    (select hash from remit.chain_blocks where block = 1),
    (select remit.chain_hash(null, 1, 1, 2, created_at, digests) from remit.chain_blocks where block = 1), 'the first has its hash');
select is(
    (select hash from remit.chain_blocks where block = 2),
    (select remit.chain_hash(a.hash, 1, 2, 3, b.created_at, b.digests)
       from remit.chain_blocks a, remit.chain_blocks b where a.block = 1 and b.block = 2), 'the second follows from it');
select is((select digests[1] from remit.chain_blocks where block = 2), decode(repeat('00', 32), 'hex'), 'what is gone is zero bytes');
insert into remit.ledgers (ledger_id, name) values (900, 'another');
select lives_ok($$ select remit.chain_append(900, array[pg_temp.id(101)]) $$, 'another ledger');
select results_eq(
    $$ select block, transfers, digests = array[decode(repeat('00', 32), 'hex')] from remit.chain_blocks where ledger_id = 900 $$,
    $$ values (1::bigint, 1::bigint, true) $$, 'has a chain of its own, and not the first one''s rows');

-- ---- Digests ------------------------------------------------------------------------------------

create temporary table moment as
    select to_char(t.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as utc, t.created_at
      from remit.transfers t where t.id = pg_temp.id(101);
select is(
    (select convert_from(convert_to(jsonb_build_array(t.created_at, extract(epoch from t.created_at))::text, 'UTF8'), 'UTF8')::jsonb -> 1
       from remit.transfers t where t.id = pg_temp.id(101)),
    (select to_jsonb(extract(epoch from (m.utc || '+00')::timestamptz)) from moment m), 'the time is a number, to the microsecond');
select is(
    (select digests[2] from remit.chain_blocks where ledger_id = 1 and block = 1),
    (select sha256(convert_to(format(
        '[1, "%s", "posted", "%s", "%s", 1, "USD", 2, 99, 1, 1, "käse \"1\"", {"a": "é\n", "b": "2"}, "r", %s]',
        pg_temp.id(101), pg_temp.id(11), pg_temp.id(12), extract(epoch from m.created_at)), 'UTF8')) from moment m),
    'a row''s digest can be computed by anybody');
select is(
    (select digests[1] from remit.chain_blocks where ledger_id = 1 and block = 1),
    (select sha256(convert_to(format(
        '[1, "%s", "insufficient_funds", "%s", "%s", 1000, "USD", null, null, null, null, null, {}, null, %s]',
        pg_temp.id(102), pg_temp.id(11), pg_temp.id(12), extract(epoch from m.created_at)), 'UTF8')) from moment m),
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

-- ---- Plans --------------------------------------------------------------------------------------

select is(
    (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
      where a.attrelid = 'remit.transfers'::regclass and a.attnum > 0 and not a.attisdropped),
    '{ledger_id,id,outcome,source_id,target_id,amount,currency,source_version,source_balance,target_version,target_balance,'
    'reference,metadata,request_id,created_at,terms,amount_asked,effect}', 'the digest covers every column: a new one joins it, where it is not null');
select is(
    (select array_agg(c order by c) from unnest((select proconfig from pg_proc where oid = 'remit.chain_append'::regproc)) c
      where c ~ '^(enable|plan)'),
    '{enable_seqscan=off,plan_cache_mode=force_generic_plan}', 'plans are index lookups');
select is_empty(
    $$ select c.conname from pg_constraint c where c.conrelid = 'remit.chain_blocks'::regclass and c.contype = 'f' $$,
    'a block outlives what it names');

select * from finish();
rollback;
