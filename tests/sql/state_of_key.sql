begin;
select plan(3);
\ir fixture.psql

create temporary table made as select * from remit_v1.key_create(1, ('till', 'user', pg_temp.id(1), '2100-01-01 00:00:00+00')::remit_v1.key_request, 'a test');
select is((select remit.state_of_key(k) from remit.keys k),
    (select jsonb_build_object('key_id', m.id, 'name', 'till', 'scope', 'user', 'user_id', pg_temp.id(1), 'created_at', remit.moment_text(m.created_at),
         'expires_at', '2100-01-01T00:00:00.000000Z', 'fingerprint', encode(sha256(sha256(convert_to(m.secret, 'UTF8'))), 'hex')) from made m), 'a key, not what it opens with');
select is((select w.data::jsonb from pg_temp.waiting w where w.type = 'key.created'), (select remit.state_of_key(k) from remit.keys k), 'the event tells it');
select is((select count(*) from pg_temp.waiting w, remit.keys k where w.data::text like '%' || encode(k.sha256, 'hex') || '%'), 0::bigint, 'and not what a caller passes');

select * from finish();
rollback;
