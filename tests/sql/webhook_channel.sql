begin;
select plan(1);
\ir fixture.psql

select is(remit.webhook_channel(pg_temp.id(1)), 'webhook:' || pg_temp.id(1), 'a cursor is named by its webhook');

select * from finish();
rollback;
