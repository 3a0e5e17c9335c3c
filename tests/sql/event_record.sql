begin;
select plan(3);
\ir fixture.psql

select pg_temp.append() \g /dev/null
select lives_ok($$ select remit.event_record(1, 'wallet.frozen', pg_temp.id(11), '{"a": 1}', '2024-06-01 12:00:00+00') $$, 'an event');
select results_eq(
    'select ledger_id, type, pg_temp.number(subject_id), data::jsonb, created_at from pg_temp.waiting',
    $$ values (1::bigint, 'wallet.frozen', 11, '{"a": 1}'::jsonb, '2024-06-01 12:00:00+00'::timestamptz) $$, 'waits as it was told');
select is(pg_temp.refusal($$ select remit.event_record(1, 'wallet.frozen', pg_temp.id(11), jsonb_build_object('a', repeat('x', 70000)), now()) $$), '23514',
    'its data is small');

select * from finish();
rollback;
