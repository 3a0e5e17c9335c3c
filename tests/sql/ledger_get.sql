begin;
select plan(4);
\ir fixture.psql

select pg_temp.ledger(900);
select results_eq('select id, name from remit_v1.ledger_get(1)', $$ values (1::bigint, 'default') $$, 'a ledger has its name');
select pg_temp.key('bound', 'reader', ledger_id => 900);
select results_eq($$ select id, name from remit_v1.ledger_get(900, sha256('bound')) $$,
    $$ values (900::bigint, 'ledger 900') $$, 'a key opens its own');
select is(pg_temp.refusal($$ select remit_v1.ledger_get(1, sha256('bound')) $$), 'WL016', 'and no other');
select is(pg_temp.refusal('select remit_v1.ledger_get(901)'), 'WL009 ledger_id', 'an unknown one is not found');

select * from finish();
rollback;
