begin;
select plan(2);
\ir fixture.psql
\ir webhooks.psql

update remit.webhooks set url = 'https://hooks.example/?password=secret', description = 'secret', types = '{key.created}';
select remit.webhook_event(w, 'webhook.updated') from remit.webhooks w;
select results_eq($$ select types::remit_v1.event_type[], subject_ids::uuid[], data::jsonb - 'endpoint_sha256' from remit.outbox order by id desc limit 1 $$,
    $$ select '{webhook.updated}'::remit_v1.event_type[], array[id],
              jsonb_build_object('webhook_id', id, 'status', 'enabled', 'types', '{key.created}'::text[], 'generation', 1) from hook $$,
    'the event says what became of a webhook');
select is((select count(*) from remit.outbox o where o.data::text like '%secret%'), 0::bigint, 'and neither URL nor description');

select * from finish();
rollback;
