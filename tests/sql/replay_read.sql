begin;
select plan(8);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12, 100);
select count(*) as events from remit_worker_v1.outbox_append(1000) \gset
select results_eq('select r.position, r.id from remit_ops_v1.replay_read(1, 0, 1000, 1000) r',
                  'select r.position, r.id from remit_worker_v1.log_read(1, 0, 1000) r', 'an operator reads what the worker does');
select is((select array_agg(r.position) from remit_ops_v1.replay_read(1, 1, 2, 10) r), '{2}', 'after one position and up to another');
select is((select array_agg(r.position) from remit_ops_v1.replay_read(1, 0, 1000, 2) r), '{1,2}', 'so many at most');
select is_empty('select remit_ops_v1.replay_read(77, 0, 1000, 2)', 'of a ledger without a log nothing');
select is(pg_temp.refusal('select remit_ops_v1.replay_read(1, -1, 1, 1)'), 'WL001 after', 'positions count from 1');
select is(pg_temp.refusal('select remit_ops_v1.replay_read(1, 2, 1, 1)'), 'WL001 until', 'the end comes after');
select is(pg_temp.refusal('select remit_ops_v1.replay_read(1, 0, 1, 10001)'), 'WL001 event_limit', 'a page is bounded');
select is(pg_temp.refusal_as('remit_server', 'select remit_ops_v1.replay_read(1, 0, 1, 1)'), '42501', 'the server may not');

select * from finish();
rollback;
