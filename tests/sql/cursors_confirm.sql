begin;
select plan(3);
\ir fixture.psql

select lives_ok($$ select remit_worker_v1.cursors_confirm(array[(1, 'broker', 5), (1, 'broker', 3)]::remit_worker_v1.cursor[]) $$, 'what was confirmed');
select results_eq('select ledger_id, channel, position from remit.cursors', $$ values (1::bigint, 'broker', 5::bigint) $$, 'moves cursors');
select is(pg_temp.refusal('select remit_worker_v1.cursors_confirm(null)'), 'WL001 confirmed', 'it must be said');

select * from finish();
rollback;
