begin;
select plan(6);
\ir fixture.psql

select is(remit.event_types('{transfer.posted,wallet.frozen}'), '{transfer.posted,wallet.frozen}', 'names are types');
select is(remit.event_types(null), null, 'none are none');
select is(pg_temp.refusal(statement), 'WL001 types', statement)
  from (values ($$ select remit.event_types('{}') $$), ($$ select remit.event_types('{transfer.posted,null}') $$),
               ($$ select remit.event_types('{transfer}') $$), ($$ select remit.event_types(array_fill('transfer.posted'::text, array[101])) $$)) as c (statement);

select * from finish();
rollback;
