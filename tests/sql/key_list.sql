begin;
select plan(10);
\ir fixture.psql

select pg_temp.key('admin', 'admin');
select pg_temp.key('key ' || n, 'reader') from generate_series(1, 11) n;
select pg_temp.ledger(900);
select pg_temp.key('foreign', 'admin', ledger_id => 900);
update remit.keys set created_at = now() - (hashtext(name) & 3) * interval '1 minute', revoked_at = case name when 'key 3' then now() end;
create function pg_temp.page(size integer, secret text default 'admin') returns setof text language plpgsql as $$
declare
    last remit_v1.key_result;
    key remit_v1.key_result;
begin
    loop
        key := null;
        for key in select * from remit_v1.key_list(1, last.created_at, last.id, size, sha256(secret::bytea)) loop
            return next key.name;
        end loop;
        exit when key.id is null;
        last := key;
    end loop;
end;
$$;
select results_eq(format('select * from pg_temp.page(%s)', size),
    'select name from remit.keys where ledger_id = 1 order by created_at, id', 'pages of ' || size || ' have no gap and no repeat')
  from (values (1), (5), (12), (1000)) as s (size);
select is((select revoked_at from remit_v1.key_list(1, null, null, 100) where name = 'key 3'), now(), 'a revoked one says so');
select is(pg_temp.refusal(format('select remit_v1.key_list(1, null, null, 10, %L)', pg_temp.key('service', 'service'))), 'WL017', 'a service may not list them');
select is(pg_temp.refusal($$ select remit_v1.key_list(1, null, null, 10, sha256('foreign')) $$), 'WL016', 'nor another ledger''s admin');
select is(pg_temp.refusal('select remit_v1.key_list(1, null, null, 0)'), 'WL001 request_limit', 'a limit of 0 is refused');
select is(pg_temp.refusal('select remit_v1.key_list(1, null, null, 1001)'), 'WL001 request_limit', 'so is one of 1001');
select is(pg_temp.refusal('select remit_v1.key_list(901, null, null, 10)'), 'WL009 ledger_id', 'and so is an unknown ledger');

select * from finish();
rollback;
