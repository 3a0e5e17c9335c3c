begin;
select plan(2);

select is((select array_agg(distinct s.slice) from (select remit.states_slice(gen_random_uuid(), 5) as slice from generate_series(1, 1000)) s), '{0,1,2,3,4}', 'slices count from 0');
select is(remit.states_slice(gen_random_uuid(), 1), 0, 'and one has all');

select * from finish();
rollback;
