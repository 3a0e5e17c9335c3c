begin;
select plan(16);
\ir fixture.psql

select pg_temp.wallet(11, 100);
create temporary table log as select count(*) from remit_worker_v1.outbox_append(10000, 0, '{}');
select pg_temp.key('admin', 'admin');
create temporary table made as
    select * from remit_v1.webhook_create(1, ('https://hooks.example/x', '{transfer.posted}', 'ours')::remit_v1.webhook_request, 'ticket 7', sha256('admin'));
select results_eq('select url, types, description, status::text, generation from made',
    $$ values ('https://hooks.example/x', '{transfer.posted}'::text[], 'ours', 'enabled', 1) $$, 'a webhook is as asked for');
select is(position, remit.log_position(1), 'it begins at the end of the log') from made;
select cmp_ok(position, '>', 0::bigint, 'which has events') from made;
select results_eq($$ select action, key_id, subject_ids, reason from remit.audit where action = 'webhook_create' $$,
    $$ select 'webhook_create', (select id from remit.keys where name = 'admin'), array[id], 'ticket 7' from made $$, 'the audit log has it');
select is((select types[1]::text || subject_ids[1] from remit.outbox order by id desc limit 1), 'webhook.created' || id, 'and an event tells of it') from made;

create function pg_temp.try(request remit_v1.webhook_request, secret text default 'admin', reason text default null, ledger_id bigint default 1)
    returns text language sql as $$
    select pg_temp.refusal(format('select remit_v1.webhook_create(%L, %L, %L, %L)', ledger_id, request, reason, sha256(secret::bytea)));
$$;
select is(pg_temp.try(('http://h', null, null)), 'accepted', 'http is for the server and the worker to refuse');
select is(pg_temp.try(('x', null, null)), 'WL001 url', 'a URL is one');
select is(pg_temp.try(('https://h', '{x}', null)), 'WL001 types', 'types are some');
select is(pg_temp.try(('https://h', null, '')), 'WL001 description', 'a description says something');
select is(pg_temp.try(('https://h', null, null), reason => ''), 'WL001 reason', 'so does a reason');
select is(pg_temp.try(('https://h', null, null), 'nobody'), 'WL016', 'an unknown key makes none');
select is(pg_temp.refusal($$ select remit_v1.webhook_create(900000, ('https://h', null, null)::remit_v1.webhook_request) $$), 'WL009 ledger_id', 'a ledger is there');
select is(pg_temp.refusal($$ set local remit.reason = ''; select remit_v1.webhook_create(1, ('https://h', null, null)::remit_v1.webhook_request) $$), 'WL001 reason', 'a person says why');

select count(remit_v1.webhook_create(1, ('https://h', null, null)::remit_v1.webhook_request)) from generate_series(1, 18);
select is(pg_temp.try(('https://h', null, null)), 'WL027', 'a ledger has 20');
select remit_v1.webhook_delete(1, id) from made;
select is(pg_temp.try(('https://h', null, null)), 'accepted', 'where one is gone there is room');
select is((select count(distinct place) from remit.webhooks), 20::bigint, 'each has its place');

select * from finish();
rollback;
