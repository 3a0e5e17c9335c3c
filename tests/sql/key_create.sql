begin;
select plan(22);
\ir fixture.psql

select pg_temp.key('admin', 'admin');
create temporary table made as
    select * from remit_v1.key_create(1, ('till', 'user', pg_temp.id(1), '2100-01-01')::remit_v1.key_request, 'ticket 7', sha256('admin'));
select results_eq('select name, scope::text, user_id, expires_at from made',
    $$ values ('till', 'user', pg_temp.id(1), '2100-01-01'::timestamptz) $$, 'a key is as asked for');
select is((remit.caller_find(1, sha256(secret::bytea))).key_id, id, 'it is valid at once') from made;
select results_eq($$ select action, key_id, subject_ids, reason, detail ->> 'scope', detail ->> 'expires_at' from remit.audit $$,
    $$ select 'key_create', (select id from remit.keys where name = 'admin'), array[id], 'ticket 7', 'user',
              '2100-01-01T00:00:00.000000Z' from made $$,
    'the audit log has it');
select is((select count(*) from remit.audit a, made m where a::text like '%' || m.secret || '%'), 0::bigint, 'but not its text');
select lives_ok($$ select remit_v1.key_create(1, ('x', 'reader', null, null)::remit_v1.key_request, 'why') $$, 'an operator needs no key');
select is((select key_id from remit.audit order by id desc limit 1), null, 'which the audit log says');

create function pg_temp.try(request remit_v1.key_request, secret text default 'admin', reason text default null, ledger_id bigint default 1)
    returns text language sql as $$
    select pg_temp.refusal(format('select remit_v1.key_create(%L, %L, %L, %L)', ledger_id, request, reason, sha256(secret::bytea)));
$$;
select pg_temp.key(scope, scope::remit_v1.key_scope, case scope when 'user' then 1 end) from unnest(array['user', 'reader', 'service']) scope;
select is(pg_temp.try(('x', 'admin', null, null)), 'accepted', 'an admin may make another');
select is(pg_temp.try(('x', 'reader', null, null), scope), 'WL017', 'no key of scope ' || scope || ' makes keys')
  from unnest(array['user', 'reader', 'service']) scope;
select is(pg_temp.try(('x', 'reader', null, null), 'nobody'), 'WL016', 'nor does an unknown one');
select pg_temp.ledger(900);
select is(pg_temp.try(('x', 'reader', null, null), ledger_id => 900), 'WL016', 'nor one of another ledger');
select is(pg_temp.try((name, scope, user_id, expires_at)::remit_v1.key_request), expected, description)
  from (values (null, 'reader'::remit_v1.key_scope, null::uuid, null::timestamptz, 'WL001 name', 'a key has a name'),
               (repeat('x', 201), 'reader', null, null, 'WL001 name', 'of at most 200 characters'),
               ('x', null, null, null, 'WL001 scope', 'and a scope'),
               ('x', 'user', null, null, 'WL001 user_id', 'a user''s key names its user'),
               ('x', 'service', pg_temp.id(1), null, 'WL001 user_id', 'another names none'),
               ('x', 'user', pg_temp.id(99), null, 'WL003 user_id', 'the user is there'),
               ('x', 'reader', null, clock_timestamp(), 'WL001 expires_at', 'a key has a future'),
               ('x', 'reader', null, 'infinity', 'WL001 expires_at', 'which programs can write down'))
       as c (name, scope, user_id, expires_at, expected, description);
select is(pg_temp.refusal($$ select remit_v1.key_create(900000, ('x', 'reader', null, null)::remit_v1.key_request, 'why') $$),
    'WL009 ledger_id', 'a key has a ledger');
select is(pg_temp.refusal($$ set local remit.reason = ''; select remit_v1.key_create(1, ('x', 'reader', null, null)::remit_v1.key_request) $$), 'WL001 reason', 'a person says why');

select * from finish();
rollback;
