begin;
select plan(11);
\ir fixture.psql

select pg_temp.key('admin', 'admin');
select pg_temp.key('lost', 'service');
create function pg_temp.key_id(key_name text) returns uuid language sql as $$ select id from remit.keys where name = key_name; $$;
create temporary table first as select * from remit_v1.key_revoke(1, pg_temp.key_id('lost'), 'ticket 7', sha256('admin'));
select results_eq('select name, revoked_at is not null from first', $$ values ('lost', true) $$, 'a key is revoked');
select is((remit.caller_find(1, sha256('lost'))).scope, null, 'and is nobody at once');
select is(pg_temp.refusal($$ select remit_v1.wallet_get(1, pg_temp.id(11), sha256('lost')) $$), 'WL016', 'no function accepts it');
select is((remit_v1.key_revoke(1, pg_temp.key_id('lost'), 'again')).revoked_at, (select revoked_at from first), 'twice is as good as once');
select results_eq('select action, subject_ids, reason, key_id from remit.audit order by id',
    $$ values ('key_revoke', array[pg_temp.key_id('lost')], 'ticket 7', pg_temp.key_id('admin')),
              ('key_revoke', array[pg_temp.key_id('lost')], 'again', null) $$, 'the audit log has both');
select is(pg_temp.refusal($$ select remit_v1.key_revoke(1, pg_temp.id(99), 'why') $$), 'WL018 key_id', 'an unknown one is not found');
select pg_temp.ledger(900);
select pg_temp.key('foreign', 'admin', ledger_id => 900);
select is(pg_temp.refusal($$ select remit_v1.key_revoke(900, pg_temp.key_id('admin'), 'why', sha256('foreign')) $$), 'WL018 key_id', 'nor is another ledger''s');
select is(pg_temp.refusal($$ select remit_v1.key_revoke(1, pg_temp.key_id('admin'), 'why', sha256('foreign')) $$), 'WL016', 'whose door is closed');
select is(pg_temp.refusal(format('select remit_v1.key_revoke(1, pg_temp.key_id(''admin''), ''why'', %L)', pg_temp.key('service', 'service'))), 'WL017', 'a service may not');
select is(pg_temp.refusal($$ set local remit.reason = ''; select remit_v1.key_revoke(1, pg_temp.key_id('admin')) $$), 'WL001 reason', 'a person says why');
select lives_ok($$ select remit_v1.key_revoke(1, pg_temp.key_id('admin'), null, sha256('admin')) $$, 'a key may end itself');

select * from finish();
rollback;
