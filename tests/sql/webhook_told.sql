begin;
select plan(3);
\ir fixture.psql
\ir webhooks.psql

select results_eq($$ select (remit.webhook_told(w)).* from remit.webhooks w $$, $$ select * from remit_v1.webhook_list(1) $$, 'it is what lists tell');
update remit.webhooks set previous_until = clock_timestamp() + interval '1 hour';
select is((remit.webhook_told(w)).previous_secret_until, w.previous_until, 'the secret before signs') from remit.webhooks w;
update remit.webhooks set previous_until = clock_timestamp();
select is((remit.webhook_told(w)).previous_secret_until, null, 'until its time is over') from remit.webhooks w;

select * from finish();
rollback;
