begin;
select plan(4);
\ir fixture.psql

create function pg_temp.move(variadic moves remit_worker_v1.cursor[]) returns void language sql as $$ select remit.cursors_move(moves); $$;
select lives_ok($$ select pg_temp.move((1, 'broker', 5), (900, 'broker', 2), (1, 'broker', 3)) $$, 'cursors begin where they are put');
select results_eq('select ledger_id, channel, position from remit.cursors order by 1', $$ values (1::bigint, 'broker', 5::bigint), (900, 'broker', 2) $$, 'at the last of what is confirmed');
select pg_temp.move((1, 'broker', 4), (900, 'broker', 6), (1, 'webhook', 1));
select results_eq('select ledger_id, channel, position from remit.cursors order by 1, 2', $$ values (1::bigint, 'broker', 5::bigint), (1, 'webhook', 1), (900, 'broker', 6) $$, 'they go forward and not back');
select is(pg_temp.refusal($$ select pg_temp.move((1, 'broker', -1)) $$), '23514', 'they begin at 0 or after it');

select * from finish();
rollback;
