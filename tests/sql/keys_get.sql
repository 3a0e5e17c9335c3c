begin;
select plan(7);
\ir fixture.psql

select pg_temp.key('a', 'reader');
select pg_temp.key('b', 'user', 1, expires_at => '2100-01-01');
select pg_temp.key('expired', 'admin', expires_at => clock_timestamp() - interval '1 second');
select pg_temp.key('revoked', 'admin');
update remit.keys set revoked_at = clock_timestamp() where name = 'revoked';
select pg_temp.ledger(900);
select pg_temp.key('c', 'admin', ledger_id => 900);
create function pg_temp.found(ledger_ids bigint[], secrets text[]) returns text[] language sql as $$
    select array_agg(k.name order by k.name)
      from remit_v1.keys_get(ledger_ids, array(select sha256(s::bytea) from unnest(secrets) s)) c
      join remit.keys k on k.ledger_id = c.ledger_id and k.id = c.key_id and k.sha256 = c.key_sha256;
$$;
select is(pg_temp.found('{1,1,1,1,1}', '{a,b,expired,revoked,unknown}'), '{a,b}', 'the valid ones are found');
select is(pg_temp.found('{1,900,900}', '{c,c,a}'), '{c}', 'in their ledgers');
select results_eq($$ select scope::text, user_id, expires_at from remit_v1.keys_get('{1}', array[sha256('b')]) $$,
    $$ values ('user', pg_temp.id(1), '2100-01-01'::timestamptz) $$, 'with what they are for');
select is_empty($$ select remit_v1.keys_get('{}', '{}') $$, 'none of none');
select is_empty('select remit_v1.keys_get(null, null)', 'nor of null');
create temporary table scans_before as select pg_stat_get_xact_numscans('remit.keys'::regclass) as count;
select is((select count(*) from remit_v1.keys_get('{1,900}', array[sha256('a'), sha256('c')])), 2::bigint, 'two are found');
select is(pg_stat_get_xact_numscans('remit.keys'::regclass), b.count, 'without a sequential scan, however small the table') from scans_before b;

select * from finish();
rollback;
