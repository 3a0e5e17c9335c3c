begin;
select plan(6);
\ir fixture.psql

select is_empty($$ select * from remit_worker_v1.cursors_behind('broker') $$, 'an empty log has nobody behind');
select pg_temp.ledger(900);
select is(pg_temp.append(), 2::bigint, 'events of two ledgers');
select results_eq($$ select * from remit_worker_v1.cursors_behind('broker') $$, $$ values (1::bigint, 'broker', 0::bigint), (900, 'broker', 0) $$, 'who has no cursor is at 0');
select remit.cursors_move(array[(1, 'broker', 1)]::remit_worker_v1.cursor[]);
select results_eq($$ select * from remit_worker_v1.cursors_behind('broker') $$, $$ values (900::bigint, 'broker', 0::bigint) $$, 'who is at the end is not behind');
select is((select count(*) from remit_worker_v1.cursors_behind('other')), 2::bigint, 'another channel has cursors of its own');
select is(pg_temp.refusal($$ select remit_worker_v1.cursors_behind('') $$), 'WL001 channel', 'and a name');

select * from finish();
rollback;
