begin;
select plan(13);
\ir fixture.psql

select pg_temp.key('good', 'reader');
select pg_temp.ledger(900);
select results_eq(
    $$ select ledger_id, scope::text, user_id, key_id = (select id from remit.keys) from remit.caller_find(1, sha256('good')) $$,
    $$ values (1::bigint, 'reader', null::uuid, true) $$, 'a key is found by its SHA-256');
select is((remit.caller_find(900, sha256('good'))).scope, null, 'in no other ledger');
select is((remit.caller_find(1, sha256('other'))).scope, null, 'another SHA-256 is nobody');
select is((remit.caller_find(1, 'good')).scope, null, 'the key itself is nobody');
select is((remit.caller_find(1, '')).scope, null, 'no bytes are nobody');
update remit.keys set expires_at = clock_timestamp() + interval '1 hour';
select is((remit.caller_find(1, sha256('good'))).scope, 'reader', 'it counts until it expires');
update remit.keys set expires_at = clock_timestamp() - interval '1 microsecond';
select is((remit.caller_find(1, sha256('good'))).scope, null, 'and not after');
update remit.keys set expires_at = null, revoked_at = clock_timestamp();
select is((remit.caller_find(1, sha256('good'))).scope, null, 'nor when it is revoked');
select is((remit.caller_find(1, null)).scope, 'admin', 'without a key, the owner is an admin');

-- A cursor or a long statement reads in a snapshot that is older than a revocation.
select pg_temp.key('seen', 'reader');
create function pg_temp.read_on() returns text language plpgsql as $$
declare
    pages cursor for select remit_v1.ledger_get(1, sha256('seen')) from generate_series(1, 3);
begin
    open pages;
    move next from pages;
    update remit.keys set revoked_at = clock_timestamp() where name = 'seen';
    move next from pages;
    return 'read on';
exception when others then
    return sqlstate;
end;
$$;
select is(pg_temp.read_on(), 'WL016', 'a cursor that was open when its key was revoked gives no more');

-- Of those who log in, only operators need no key.
create role a_person_of_a_test in role remit_operator;
select is(pg_temp.refusal_of(role, 'select remit_v1.ledger_get(1)'), expected, role || ' needs ' || need)
  from (values ('remit_operator', 'accepted', 'no key'), ('a_person_of_a_test', 'accepted', 'none either'),
               ('remit_server', 'WL016', 'a key')) as r (role, expected, need);

select * from finish();
rollback;
