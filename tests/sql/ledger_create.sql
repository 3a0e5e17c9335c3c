begin;
select plan(10);
\ir fixture.psql

select pg_temp.key('admin', 'admin');
select pg_temp.key('service', 'service');
create temporary table made as select * from remit_v1.ledger_create(1, 'tenant', 'ticket 7', sha256('admin'));
select results_eq('select l.name, k.scope::text, k.id = m.key_id, k.sha256 = sha256(m.secret::bytea)
                     from made m join remit.ledgers l on l.ledger_id = m.id join remit.keys k on k.ledger_id = m.id',
    $$ values ('tenant', 'admin', true, true) $$, 'a ledger comes with its first key, an admin''s');
select is((remit.caller_find(m.id, sha256(m.secret::bytea))).scope, 'admin', 'which opens it') from made m;
select is((remit.caller_find(1, sha256(m.secret::bytea))).scope, null, 'and not the one of who made it') from made m;
select is((remit.caller_find(m.id, sha256('admin'))).scope, null, 'whose key does not open the new one') from made m;
select results_eq('select ledger_id, action, reason, key_id from remit.audit order by id',
    $$ select l.id, l.action, 'ticket 7', (select id from remit.keys where name = 'admin')
         from (select 1::bigint, 'ledger_create' union all select id, 'key_create' from made) as l (id, action) $$,
    'both ledgers'' audit logs tell of it');
select is(pg_temp.refusal(statement), expected, description)
  from (values ($$ select remit_v1.ledger_create(1, 'x', 'why', sha256('service')) $$, 'WL017', 'a service may not'),
               ($$ select remit_v1.ledger_create(900, 'x', 'why', sha256('admin')) $$, 'WL016', 'nor an admin of another ledger'),
               ($$ select remit_v1.ledger_create(1, '', 'why') $$, 'WL001 name', 'a ledger has a name'),
               ($$ set local remit.reason = ''; select remit_v1.ledger_create(1, 'x') $$, 'WL001 reason', 'a person says why'),
               ($$ select remit_v1.ledger_create(900, 'x', 'why') $$, 'WL009 ledger_id', 'in which ledger he is'))
       as c (statement, expected, description);

select * from finish();
rollback;
