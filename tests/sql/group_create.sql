begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);

select pg_temp.wallet(13);
create temporary table made as select * from remit_v1.group_create(1, pg_temp.id(101), array[pg_temp.request(null, 11, 12, 60), pg_temp.request(null, 12, 13, 50)]);
select results_eq('select outcome::text, id from made', $$ values ('posted', remit_v1.leg_id(pg_temp.id(101), 1)), ('posted', remit_v1.leg_id(pg_temp.id(101), 2)) $$, 'legs are posted, under ids of the group''s');
select results_eq($$ select to_jsonb(g) from remit_v1.group_create(1, pg_temp.id(101), array[pg_temp.request(null, 11, 12, 60), pg_temp.request(null, 12, 13, 50)]) g $$,
    $$ select to_jsonb(m) || '{"replayed": true}' from made m $$, 'a retry is told again');
select is((select array_agg(g.outcome::text) from remit_v1.group_create(1, pg_temp.id(102), array[pg_temp.request(null, 11, 12, 10), pg_temp.request(null, 11, 13, 31)]) g), '{group_refused,insufficient_funds}', 'a rejection is a result');
select is((select array_agg(g.outcome::text) from remit_v1.group_create(1, pg_temp.id(103), array[pg_temp.request(null, 11, null, 10), pg_temp.request(null, null, 13, null)],
               array[(pg_temp.hold(1, 11, 1)).terms, (pg_temp.item(2, null, null, null, 'capture', remit_v1.leg_id(pg_temp.id(103), 1))).terms]) g), '{posted,posted}', 'with terms for each');
select is((select array_agg(g.outcome::text) from remit_v1.group_create(1, pg_temp.id(104), array[pg_temp.request(null, 11, 12, 1), pg_temp.request(null, 11, null, 10)],
               array[null, (pg_temp.hold(1, 11, 1)).terms]) g), '{posted,posted}', 'or for some');
select is(pg_temp.refusal(statement), expected, description)
  from (values ('select remit_v1.group_create(1, pg_temp.id(105), array[pg_temp.request(null, 11, 12, 1)])', 'WL001 requests', 'one leg is no group'), ('select remit_v1.group_create(1, pg_temp.id(105), null)', 'WL001 requests', 'nor is none'),
               ('select remit_v1.group_create(1, null, array_fill(pg_temp.request(null, 11, 12, 1), array[2]))', 'WL001 group_id', 'nor one without an id'),
               ('select remit_v1.group_create(1, pg_temp.id(105), array[pg_temp.request(null, 11, 12, 1), pg_temp.request(null, 11, 99, 1)])', 'WL002 target_id', 'what is not stored is an error'),
               ('select remit_v1.group_create(1, pg_temp.id(105), array[pg_temp.request(null, 11, 12, 0), pg_temp.request(null, 11, 12, 1)])', 'WL001 amount', 'with the field of the leg at fault'),
               ('select remit_v1.group_create(1, pg_temp.id(101), array[pg_temp.request(null, 11, 12, 61), pg_temp.request(null, 12, 13, 50)])', 'WL005 id', 'so is other content')) as c (statement, expected, description);
select is((select count(*) from remit.transfers where (terms).group_id = pg_temp.id(105)), 0::bigint, 'nothing of those is stored');

select * from finish();
rollback;
