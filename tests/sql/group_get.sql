begin;
select no_plan();
\ir fixture.psql
\ir terms.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);

do $$
begin
    perform remit_v1.user_create(1, (pg_temp.id(2), 'Grace', null, null, null)::remit_v1.user_request);
    perform remit_v1.wallet_create(1, (pg_temp.id(21), pg_temp.id(2), 'USD', 0, 0, null, null, null)::remit_v1.wallet_request);
end;
$$;
create temporary table made as select * from remit_v1.group_create(1, pg_temp.id(101), array[pg_temp.request(null, 11, 12, 60), pg_temp.request(null, 12, 21, 50)]);
select results_eq($$ select to_jsonb(g) from remit_v1.group_get(1, pg_temp.id(101)) g $$, $$ select to_jsonb(m) || '{"reversed": 0, "reversal_ids": []}' from made m $$, 'a group is what creating it answered');
do $$ begin perform remit_v1.transfer_reverse(1, pg_temp.id(102), remit_v1.leg_id(pg_temp.id(101), 1), 7); perform remit_v1.group_create(1, pg_temp.id(103), array_fill(pg_temp.request(null, 11, 12, 99), array[2])); end; $$;
select is((select array_agg(g.reversed) from remit_v1.group_get(1, pg_temp.id(101)) g), '{7,0}', 'with what was reversed of it');
select is((select array_agg(g.outcome::text) from remit_v1.group_get(1, pg_temp.id(103)) g), '{insufficient_funds,group_refused}', 'so is one that was refused');
select pg_temp.key('own', 'user', 1) \g /dev/null
select pg_temp.key('foreign', 'user', 2) \g /dev/null
do $$ begin perform remit_v1.group_create(1, pg_temp.id(104), array[pg_temp.request(null, 11, 12, 1), pg_temp.request(null, 12, 21, 1)], null, sha256('own')); end; $$;
select is((select count(*) from remit_v1.group_get(1, pg_temp.id(104), sha256('own'))), 2::bigint, 'a user finds its group by the id that it gave it');
select is((select array_agg((g.terms).group_place) from remit_v1.group_get(1, remit.user_transfer_id(pg_temp.id(1), pg_temp.id(104)), sha256('foreign')) g), '{2}', 'another sees what it got');
select is(pg_temp.refusal($$ select remit_v1.group_get(1, pg_temp.id(104), sha256('foreign')) $$), 'WL004 group_id', 'not by an id that is not its own');
select is(pg_temp.refusal($$ select remit_v1.group_get(1, pg_temp.id(103), sha256('foreign')) $$), 'WL004 group_id', 'what it does not see is not there');
select is(pg_temp.refusal('select remit_v1.group_get(1, pg_temp.id(199))'), 'WL004 group_id', 'an unknown group is refused');
select is(pg_temp.refusal('select remit_v1.group_get(2, pg_temp.id(101))'), 'WL004 group_id', 'so is one of another ledger');
select is(pg_temp.refusal('select remit_v1.group_get(1, null)'), 'WL004 group_id', 'so is none');

select * from finish();
rollback;
