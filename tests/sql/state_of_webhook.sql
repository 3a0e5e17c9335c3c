begin;
select plan(6);
\ir fixture.psql
\ir webhooks.psql

select is((select remit.state_of_webhook(w) from remit.webhooks w),
    (select jsonb_build_object('webhook_id', w.id, 'status', 'enabled', 'types', null, 'generation', 1,
         'endpoint_sha256', encode(sha256(w.salt || '["https://hooks.example/remit", null]'), 'hex')) from remit.webhooks w), 'a hash stands for its address');
select is((select w.data::jsonb from pg_temp.waiting w where w.type = 'webhook.created'), (select remit.state_of_webhook(w) from remit.webhooks w), 'the event tells it');
select is_empty('select * from remit_ops_v1.verify()', 'the books are right');
savepoint before_damage;
update remit.webhooks set url = 'https://eve.example';
select results_eq('select rule, subject, detail ->> $$difference$$ from remit_ops_v1.verify()',
    $$ select 'webhook_is_as_the_log_says', 'webhook ' || w.id, 'its row is another' from remit.webhooks w $$, 'another address is found');
rollback to before_damage;
create temporary table kept as select * from remit.webhooks;
do $$ begin perform remit_v1.webhook_delete(1, h.id, 'a test') from hook h; end; $$;
select is_empty('select * from remit_ops_v1.verify()', 'what was deleted needs no row');
insert into remit.webhooks select * from kept;
select is((select count(*) from remit_ops_v1.verify() where rule = 'webhook_is_as_the_log_says'), 1::bigint, 'and may have none');

select * from finish();
rollback;
