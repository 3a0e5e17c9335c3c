begin;
select plan(4);
\ir fixture.psql

do $$ begin perform remit_v1.user_create(1, (pg_temp.id(11), 'Grace é', 'grace@example.org', 'r', '{"a": "b"}')::remit_v1.user_request); end; $$;
select is(
    (select remit.state_of_user(u) from remit.users u where u.id = pg_temp.id(11)),
    (select jsonb_build_object('user_id', u.id, 'created_at', remit.moment_text(u.created_at), 'profile_sha256', encode(sha256(
         u.profile_salt || convert_to('["Grace é", "grace@example.org", "r", {"a": "b"}, "' || encode(u.created_as, 'hex') || '"]', 'UTF8')), 'hex'))
       from remit.users u where u.id = pg_temp.id(11)), 'a hash stands for what names the user');
select is(
    (select w.data::jsonb from pg_temp.waiting w where w.type = 'user.created' and w.subject_id = pg_temp.id(11)),
    (select remit.state_of_user(u) from remit.users u where u.id = pg_temp.id(11)), 'the event tells it');
select is((select count(distinct remit.state_of_user(u)) from remit.users u), 2::bigint, 'another user, another state');
select is((select octet_length(u.profile_salt) from remit.users u where u.id = pg_temp.id(11)), 32, 'with a salt that nobody guesses');

select * from finish();
rollback;
