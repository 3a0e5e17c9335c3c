begin;
select plan(8);
\ir fixture.psql

select is(pg_temp.refusal(format('select remit.caller_admit(1, %L, %L)', pg_temp.key(scope || permission, scope::remit_v1.key_scope), permission)),
          expected, scope || ', ' || permission)
  from (values ('reader', 'read', 'accepted'), ('reader', 'spend', 'WL017'), ('service', 'serve', 'accepted'),
               ('service', 'administer', 'WL017'), ('admin', 'administer', 'accepted')) as c (scope, permission, expected);
select is(pg_temp.refusal($$ select remit.caller_admit(1, sha256('nobody'), 'read') $$), 'WL016', 'an unknown key is not let in');
select pg_temp.key('bound', 'user', 1);
select is((remit.caller_admit(1, sha256('bound'), 'spend')).user_id, pg_temp.id(1), 'who is let in is told');
select is(pg_temp.refusal($$ select remit.caller_admit(1, sha256('bound'), 'serve') $$), 'WL017', 'a user''s key serves nobody');

select * from finish();
rollback;
