begin;
select plan(5);
\ir fixture.psql

select results_eq('select generation, redis_id from remit_ops_v1.cache_open(1, ''a'')', $$ values (2::bigint, 'a') $$,
                  'a closed one is followed by an open one');
select ok((select age_ms between 0 and 60000 from remit_ops_v1.cache_state()), 'which begins now');
select results_eq('select generation, redis_id from remit_ops_v1.cache_open(2, ''b'')', $$ values (2::bigint, 'a') $$,
                  'an open one stays');
select remit_ops_v1.cache_close();
select results_eq('select generation, redis_id from remit_ops_v1.cache_open(1, ''b'')', $$ values (3::bigint, null::text) $$,
                  'who knows an earlier one opens nothing');
select results_eq('select generation, redis_id from remit_ops_v1.cache_open(3, ''b'')', $$ values (4::bigint, 'b') $$,
                  'who knows the closed one does');

select * from finish();
rollback;
