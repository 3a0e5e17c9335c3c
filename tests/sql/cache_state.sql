begin;
select plan(7);

select results_eq('select generation, redis_id from remit_ops_v1.cache_state()', $$ values (1::bigint, null::text) $$,
                  'the first generation is closed');
select is((select instance_id from remit_ops_v1.cache_state()), (select instance_id from remit.cache), 'the instance has its id');
select cmp_ok((select age_ms from remit_ops_v1.cache_state()), '>', 86400000::bigint, 'before the first there was none');
select matches((select place from remit_ops_v1.cache_state()), '^[0-9a-f]{16}:[1-9A-F][0-9A-F]*$', 'the place has a timeline');
create temporary table place as select place from remit_ops_v1.cache_state();
update remit.cache set instance_id = gen_random_uuid(), advanced_at = clock_timestamp() - interval '2 s', redis_id = 'r';
select isnt((select place from remit_ops_v1.cache_state()), (select place from place), 'another instance has another place');
select ok((select age_ms between 2000 and 60000 from remit_ops_v1.cache_state()), 'its age is told in milliseconds');
select throws_ok('insert into remit.cache (is_only) values (false)', '23514', null, 'there is one row');

select * from finish();
rollback;
