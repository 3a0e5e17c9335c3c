begin;
select plan(2);
\ir fixture.psql

select is(pg_temp.refusal('select remit.ledger_check(1)'), 'accepted', 'ledger 1 is there');
select is(pg_temp.refusal('select remit.ledger_check(900)'), 'WL009 ledger_id', 'another is not');

select * from finish();
rollback;
