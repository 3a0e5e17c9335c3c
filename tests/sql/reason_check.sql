begin;
select plan(8);
\ir fixture.psql

select is(pg_temp.refusal(format('set local remit.reason = ''''; select remit.reason_check(%L)', reason)), expected, description)
  from (values ('why', 'accepted', 'a person says why'), (null, 'WL001 reason', 'and must'), ('', 'WL001 reason', 'in words'),
               (repeat('x', 200), 'accepted', 'of at most 200 characters'), (repeat('x', 201), 'WL001 reason', 'and no more'))
       as c (reason, expected, description);
set local remit.reason = 'a test';
select is(pg_temp.refusal('select remit.reason_check(null)'), 'accepted', 'or has said it for all calls of the session');
select pg_temp.key('admin', 'admin');
select pg_temp.wallet(11);
-- As a program and as a person call it, both with a key.
select is(pg_temp.refusal_of(role, format('set local remit.reason = ''''; select remit_ops_v1.wallet_freeze(1, %L, null, sha256(''admin''))', pg_temp.id(11))), expected, description)
  from (values ('remit_server', 'accepted', 'a program may say nothing: its key says who'),
               ('remit_operator', 'WL001', 'a person says why, also with a key')) as c (role, expected, description);

select * from finish();
rollback;
