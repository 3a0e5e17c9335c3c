begin;
select plan(9);
\ir fixture.psql

set local application_name = 'psql of a test';
select remit.audit_record(1, 'wallet_freeze', array[pg_temp.id(11)], 'ticket 7', '{"a": "b"}', null);
select results_eq(
    'select ledger_id, action, actor, application_name, key_id, subject_ids, reason, detail from remit.audit_log',
    $$ values (1::bigint, 'wallet_freeze', session_user::text collate "default", 'psql of a test', null::uuid, array[pg_temp.id(11)],
               'ticket 7', '{"a": "b"}'::jsonb) $$,
    'the log says who, through what, to what, and why');
select ok((select at between now() - interval '1 minute' and clock_timestamp() from remit.audit_log), 'and when');
select remit.audit_record(1, 'key_create', '{}', null, null, pg_temp.id(7));
select results_eq(
    $$ select key_id, reason, detail from remit.audit_log where action = 'key_create' $$,
    $$ values (pg_temp.id(7), 'a test', '{}'::jsonb) $$, 'with a key it names that too, and without a reason the session''s');
select is(pg_temp.refusal('update remit.audit set reason = ''another'''), 'WL011', 'the log refuses UPDATE');
select is(pg_temp.refusal('delete from remit.audit'), 'WL011', 'DELETE');
select is(pg_temp.refusal('truncate remit.audit'), 'WL011', 'and TRUNCATE');
select is(pg_temp.refusal('set local remit.reason = ''''; select remit.audit_record(1, ''key_create'', ''{}'', null, null, null)'), 'WL001 reason', 'a person says why');
set local session_replication_role = replica;
select is(pg_temp.refusal('delete from remit.audit'), 'WL011', 'also of a replica');
select is((select count(*) from remit.audit), 2::bigint, 'both rows are there');

select * from finish();
rollback;
