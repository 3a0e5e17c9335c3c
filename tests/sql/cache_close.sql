begin;
select plan(5);
\ir fixture.psql

update remit.cache set generation = 4, redis_id = 'r', advanced_at = 'epoch';
select results_eq('select generation, redis_id from remit_ops_v1.cache_close()', $$ values (5::bigint, null::text) $$,
                  'the open one is closed');
select ok((select age_ms between 0 and 60000 from remit_ops_v1.cache_state()), 'which happened now');
update remit.cache set advanced_at = 'epoch';
select results_eq('select generation, redis_id from remit_ops_v1.cache_close()', $$ values (5::bigint, null::text) $$,
                  'a closed one stays');
select is((select advanced_at from remit.cache), 'epoch'::timestamptz, 'and closes no later than it did');

select results_eq($$ select action, reason from remit.audit where actor = session_user $$, $$ values ('cache_close', 'a test'), ('cache_close', 'a test') $$,
                  'the audit log has that a person closed it, and why');

select * from finish();
rollback;
