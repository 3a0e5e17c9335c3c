begin;
select plan(6);
\ir fixture.psql

select is(pg_temp.refusal(format('select remit.reason_check(%L, %L)', reason, key)), expected, description)
  from (values ('why', null::bytea, 'accepted', 'a person says why'), (null, null, 'WL001 reason', 'and must'),
               ('', null, 'WL001 reason', 'in words'), (repeat('x', 200), null, 'accepted', 'of at most 200 characters'),
               (repeat('x', 201), 'key', 'WL001 reason', 'so must a program'), (null, 'key', 'accepted', 'which may say nothing'))
       as c (reason, key, expected, description);

select * from finish();
rollback;
