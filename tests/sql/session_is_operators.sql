begin;
select plan(5);
\ir fixture.psql

create role a_person_of_a_test in role remit_operator;
set local remit.reason = '';
select is(remit.session_is_operators(), true, 'the owner is a person');
-- No role may execute the function itself: a function of the API asks it as the owner.
select is(pg_temp.refusal_of(role, 'select remit_ops_v1.cache_close()'), expected, role || ': ' || description)
  from (values ('remit_operator', 'WL001', 'a person, who must say why'), ('a_person_of_a_test', 'WL001', 'so is a member'),
               ('remit_server', 'accepted', 'a program'), ('remit_worker', 'accepted', 'a program')) as r (role, expected, description);

select * from finish();
rollback;
