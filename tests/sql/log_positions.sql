begin;
select plan(5);
\ir fixture.psql

select pg_temp.wallet(11, 1000);
insert into remit.ledgers (ledger_id, name) values (900, 'another');
do $$ begin perform remit_worker_v1.outbox_append(1000); end; $$;
select results_eq('select remit_v1.log_positions(array[900, 1, 901])', $$ values (0::bigint), (remit.log_position(1)), (0) $$,
                  'each ledger''s, in the order asked');
select cmp_ok(remit.log_position(1), '>', 0::bigint, 'of which one has moved');
select is(pg_temp.refusal(statement), 'WL001 ledger_ids', statement)
  from (values ('select remit_v1.log_positions(null)'), ($$ select remit_v1.log_positions('{}') $$),
               ('select remit_v1.log_positions(array_fill(1::bigint, array[1001]))')) as c (statement);

select * from finish();
rollback;
