begin;
select plan(14);
\ir fixture.psql

set local application_name = 'remit-worker dead replay';
select is(
    pg_temp.refusal_as('remit_operator', format('select remit_ops_v1.replay_record(1, array[%L, %L]::uuid[], ''ticket 7'')',
                                              pg_temp.id(1), pg_temp.id(2))),
    'accepted', 'an operator records a replay');
select results_eq(
    'select ledger_id, action, actor, application_name, key_id, subject_ids, reason, detail from remit.audit_log',
    $$ values (1::bigint, 'dead_letters_replay', session_user::text collate "default", 'remit-worker dead replay', null::uuid,
               array[pg_temp.id(1), pg_temp.id(2)], 'ticket 7', '{}'::jsonb) $$,
    'the log says who, through what, of which events, and why');
select is(
    pg_temp.refusal_as('remit_operator', format('select remit_ops_v1.replay_record(77, array[%L]::uuid[], ''ticket 8'')', pg_temp.id(1))),
    'WL009', 'but not of letters whose ledger is unknown');
select is(pg_temp.refusal_as('remit_server', 'select remit_ops_v1.replay_record(1, null, null)'), '42501', 'the server may not');
select is(pg_temp.refusal_as('remit_auditor', 'select remit_ops_v1.replay_record(1, null, null)'), '42501', 'nor an auditor');
select is(pg_temp.refusal_as('remit_worker', 'select remit_ops_v1.replay_record(1, null, null)'), '42501', 'nor the worker, which writes no word of the log');

create function pg_temp.refusal_of(ledger_id bigint, event_ids uuid[], reason text) returns text language sql as $$
    select pg_temp.refusal(format('set local remit.reason = ''''; select remit_ops_v1.replay_record(%L, %L, %L)', ledger_id, event_ids, reason));
$$;
select is(pg_temp.refusal_of(null, array[pg_temp.id(1)], 'why'), 'WL001 ledger_id', 'the ledger must be said');
select is(pg_temp.refusal_of(1, null, 'why'), 'WL001 event_ids', 'and the events');
select is(pg_temp.refusal_of(1, '{}', 'why'), 'WL001 event_ids', 'at least one');
select is(pg_temp.refusal_of(1, array_fill(pg_temp.id(1), array[1001]), 'why'), 'WL001 event_ids', 'at most 1000');
select is(pg_temp.refusal_of(1, array[pg_temp.id(1), null], 'why'), 'WL001 event_ids', 'and no null');
select is(pg_temp.refusal_of(1, array[pg_temp.id(1)], null), 'WL001 reason', 'and the reason');
select is(pg_temp.refusal_of(1, array[pg_temp.id(1)], repeat('x', 201)), 'WL001 reason', 'which is short');
select is((select count(*) from remit.audit), 1::bigint, 'what is refused is not in the log');

select * from finish();
rollback;
