begin;
select plan(2);
\ir fixture.psql

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 5, null, 'rent')), '{posted}', 'a transfer');
select is((select to_jsonb(remit.transfer_of_event(t)) - array['reversed', 'reversal_ids'] from remit.transfers t where t.id = pg_temp.id(101)),
          (select to_jsonb(r) - array['reversed', 'reversal_ids'] from remit_v1.transfer_get(1, pg_temp.id(101)) r),
          'it is told as the journal has it');

select * from finish();
rollback;
