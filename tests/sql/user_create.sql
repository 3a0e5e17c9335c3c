begin;
select plan(37);
\ir fixture.psql

create function pg_temp.create_user(
    number integer, name text, email text default null, reference text default null, metadata jsonb default null,
    ledger_id bigint default 1) returns remit_v1.user_result language sql as $$
    select remit_v1.user_create(ledger_id, (pg_temp.id(number), name, email, reference, metadata)::remit_v1.user_request);
$$;

create temporary table made as
    select * from pg_temp.create_user(11, 'Grace', 'grace@example.org', 'customer 7', '{"plan": "basic"}');
select results_eq(
    $$ select pg_temp.number(id), name, email, reference, metadata, replayed from made $$,
    $$ values (11, 'Grace', 'grace@example.org', 'customer 7', '{"plan": "basic"}'::jsonb, false) $$,
    'the result tells the new user');
select results_eq(
    $$ select to_jsonb(u) - array['ledger_id', 'created_as', 'profile_salt'] from remit.users u where u.ledger_id = 1 and u.id = pg_temp.id(11) $$,
    $$ select to_jsonb(m) - 'replayed' from made m $$,
    'the row is what the result says');
select results_eq(
    $$ select name, email, reference, metadata, replayed from pg_temp.create_user(12, 'Alan') $$,
    $$ values ('Alan', null::text, null::text, '{}'::jsonb, false) $$,
    'all but the name may be omitted');
select isnt((pg_temp.create_user(null, 'Nameless')).id, (pg_temp.create_user(null, 'Nameless')).id,
            'without an id each call makes a user of its own');

-- ---- Replay -------------------------------------------------------------------------------------

select results_eq(
    $$ select to_jsonb(r) from pg_temp.create_user(11, 'Grace', 'grace@example.org', 'customer 7', '{"plan": "basic"}') r $$,
    $$ select to_jsonb(m) || '{"replayed": true}' from made m $$,
    'a retry gets the same answer');
select ok((pg_temp.create_user(12, 'Alan', metadata => '{}')).replayed, 'absent metadata is empty metadata');
select is(pg_temp.refusal(statement), 'WL005 id', 'the same id with another ' || difference || ' is refused')
  from (values ('name', $$ select pg_temp.create_user(11, 'Gracie', 'grace@example.org', 'customer 7', '{"plan": "basic"}') $$),
               ('email', $$ select pg_temp.create_user(11, 'Grace', null, 'customer 7', '{"plan": "basic"}') $$),
               ('reference', $$ select pg_temp.create_user(11, 'Grace', 'grace@example.org', 'customer 8', '{"plan": "basic"}') $$),
               ('metadata', $$ select pg_temp.create_user(11, 'Grace', 'grace@example.org', 'customer 7') $$))
       as d (difference, statement);
update remit.users set name = 'Gracie', email = null, reference = 'later', metadata = '{}' where id = pg_temp.id(11);
select results_eq(
    $$ select to_jsonb(r) from pg_temp.create_user(11, 'Grace', 'grace@example.org', 'customer 7', '{"plan": "basic"}') r $$,
    $$ select to_jsonb(m) || '{"replayed": true}' from made m $$,
    'also when the user was changed later');
select is((select count(*) from remit.users where id = pg_temp.id(11)), 1::bigint, 'there is still one user of the id');
select is((select u.name from remit.users u where u.id = pg_temp.id(11)), 'Gracie', 'as it is now');

-- ---- Invalid fields -----------------------------------------------------------------------------

select is(pg_temp.refusal(statement), expected, description)
  from (values ($$ select pg_temp.create_user(21, null) $$, 'WL001 name', 'a name is required'),
               ($$ select pg_temp.create_user(21, '') $$, 'WL001 name', 'an empty name is refused'),
               ($$ select pg_temp.create_user(21, repeat('é', 201)) $$, 'WL001 name', 'a name of 201 characters is refused'),
               ($$ select pg_temp.create_user(22, repeat('é', 200)) $$, 'accepted', 'one of 200 is accepted'),
               ($$ select pg_temp.create_user(21, 'A', '') $$, 'WL001 email', 'an empty email is refused'),
               ($$ select pg_temp.create_user(21, 'A', 'a@') $$, 'WL001 email', 'one without a domain is refused'),
               ($$ select pg_temp.create_user(21, 'A', '@example.org') $$, 'WL001 email', 'one without a local part is refused'),
               ($$ select pg_temp.create_user(21, 'A', 'example.org') $$, 'WL001 email', 'one without @ is refused'),
               ($$ select pg_temp.create_user(21, 'A', 'a@b@c') $$, 'WL001 email', 'one with two @ is refused'),
               ($$ select pg_temp.create_user(21, 'A', 'a b@c') $$, 'WL001 email', 'one with a space is refused'),
               ($$ select pg_temp.create_user(21, 'A', E'a@b\n') $$, 'WL001 email', 'one with a line feed is refused'),
               ($$ select pg_temp.create_user(21, 'A', 'a@' || repeat('b', 253)) $$, 'WL001 email', 'one of 255 characters is refused'),
               ($$ select pg_temp.create_user(23, 'A', 'a@' || repeat('b', 252)) $$, 'accepted', 'one of 254 is accepted'),
               ($$ select pg_temp.create_user(24, 'A', 'a@b') $$, 'accepted', 'one of 3 is accepted'),
               ($$ select pg_temp.create_user(21, 'A', null, repeat('x', 201)) $$, 'WL001 reference', 'a reference of 201 characters is refused'),
               ($$ select pg_temp.create_user(25, 'A', null, repeat('x', 200)) $$, 'accepted', 'one of 200 is accepted'),
               ($$ select pg_temp.create_user(21, 'A', null, null, '{"a": 1}') $$, 'WL001 metadata', 'invalid metadata is refused'),
               ($$ select pg_temp.create_user(21, 'A', null, null, 'null') $$, 'WL001 metadata', 'so is JSON null'),
               ($$ select pg_temp.create_user(26, 'A', null, null, pg_temp.metadata_of(4096)) $$, 'accepted', 'the largest is accepted'),
               ($$ select remit_v1.user_create(1, null) $$, 'WL001 name', 'null is no request'),
               ($$ select pg_temp.create_user(21, 'A', ledger_id => 77) $$, 'WL009 ledger_id', 'an unknown ledger is refused'))
       as c (statement, expected, description);
select is_empty($$ select id from remit.users where id = pg_temp.id(21) $$, 'a refused request makes no user');

-- ---- Ledgers ------------------------------------------------------------------------------------

select pg_temp.ledger(900);
select is((pg_temp.create_user(11, 'Someone else', ledger_id => 900)).replayed, false,
          'the same id in another ledger is another user');
select is(pg_temp.event_count(), 0::bigint, 'users make no events');

select * from finish();
rollback;
