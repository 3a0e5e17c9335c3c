begin;
select plan(3);
\ir fixture.psql

select pg_temp.key('till', 'reader') \g /dev/null
create temporary table revoked as select r.* from remit.keys k, remit_v1.key_revoke(1, k.id, 'a test') r;
select is((select remit.state_of_revocation(k) from remit.keys k), (select jsonb_build_object('key_id', r.id, 'revoked_at', remit.moment_text(r.revoked_at)) from revoked r), 'when it ended');
do $$ begin perform remit_v1.key_revoke(1, k.id, 'a test') from remit.keys k; end; $$;
select results_eq($$ select w.data::jsonb, w.created_at from pg_temp.waiting w where w.type = 'key.revoked' $$, 'select remit.state_of_revocation(k), k.revoked_at from remit.keys k', 'the event tells it, once');
select is_empty('select * from remit_ops_v1.verify()', 'the books are right');

select * from finish();
rollback;
