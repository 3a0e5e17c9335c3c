begin;
select plan(3);
\ir fixture.psql

create temporary table made as select * from remit_v1.ledger_create(1, 'books', 'a test');
select is((select remit.state_of_ledger(l) from remit.ledgers l where l.name = 'books'),
    (select jsonb_build_object('ledger_id', m.id, 'name', 'books', 'created_at', remit.moment_text(m.created_at)) from made m), 'a ledger');
select results_eq($$ select w.ledger_id, w.type, remit.id_number(w.subject_id) from pg_temp.waiting w, made m where w.ledger_id = m.id order by w.number limit 2 $$,
    $$ select m.id, y, case y when 'ledger.created' then m.id else remit.id_number(m.key_id) end from made m, unnest('{ledger.created,key.created}'::text[]) y $$, 'the events tell of it and of its first key, in its own log');
select is((select w.data::jsonb from pg_temp.waiting w where w.type = 'ledger.created'), (select remit.state_of_ledger(l) from remit.ledgers l where l.name = 'books'), 'with what it is');

select * from finish();
rollback;
