begin;
select plan(11);
\ir fixture.psql
\ir webhooks.psql

create function pg_temp.try(request remit_v1.webhook_request, members text) returns text language sql as $$
    select pg_temp.refusal(format('select remit_v1.webhook_update(1, %L, %L, %L)', id, request, members)) from hook;
$$;
select is(pg_temp.try(('https://new.example', '{key.created}', 'new'), '{url}'), 'accepted', 'a URL is changed');
select results_eq('select url::text, types::text[], description, revision from remit.webhooks', $$ values ('https://new.example', null::text[], null, 2::bigint) $$, 'and nothing else; the worker hears of it');
select is(pg_temp.try((null, '{key.created}', 'new'), '{types,description}'), 'accepted', 'so are types and description');
select results_eq('select url::text, types::text[], description from remit.webhooks', $$ values ('https://new.example', '{key.created}'::text[], 'new') $$, 'and nothing else');
select is(pg_temp.try(null, '{types,description}'), 'accepted', 'null is all types, and no description');
select results_eq('select types::text[], description from remit.webhooks', $$ values (null::text[], null) $$, 'as asked');
select is(pg_temp.last_event(), 'webhook.updated ' || id, 'an event tells of it') from hook;
select is((select count(*) from remit.audit where action = 'webhook_update'), 3::bigint, 'and the audit log of each change');
select is(pg_temp.try((null, null, null), '{url}'), 'WL001 url', 'a URL stays one');
select is(pg_temp.try((null, null, null), '{}'), 'WL001 members', 'something is changed');
select is(pg_temp.refusal($$ select remit_v1.webhook_update(1, pg_temp.id(1), (null, null, null)::remit_v1.webhook_request, '{types}') $$), 'WL026 webhook_id', 'a webhook is there');

select * from finish();
rollback;
