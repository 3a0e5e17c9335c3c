begin;
select plan(3);
\ir fixture.psql

select pg_temp.wallet(11);
set local application_name = 'till';
do $$ begin perform remit_ops_v1.wallet_limits_set(1, pg_temp.id(11), 5, null, 'ticket 7'); end; $$;
select is((select remit.state_of_act(a) from remit.audit a where a.action = 'wallet_limits_set'),
    (select jsonb_build_object('act', a.id, 'at', remit.moment_text(a.at), 'action', 'wallet_limits_set', 'actor', session_user, 'application_name', 'till', 'key_id', null,
         'subject_ids', array[pg_temp.id(11)], 'reason', 'ticket 7', 'detail', '{"transfer_max": 5, "daily_max": null}'::jsonb)
       from remit.audit a where a.action = 'wallet_limits_set'), 'a row of the audit log');
select results_eq($$ select remit.id_number(w.subject_id), w.data::jsonb, w.created_at from pg_temp.waiting w where w.type = 'operator.acted' order by 1 $$,
    'select a.id, remit.state_of_act(a), a.at from remit.audit a order by 1', 'an event tells each');
select lives_ok($$ select remit.audit_record(1, 'dead_letters_replay', array_fill(gen_random_uuid(), array[1000]), repeat('é', 200), jsonb_build_object('x', repeat('y', 8000)), null) $$,
    'the longest has room');

select * from finish();
rollback;
