begin;
select plan(4);
\ir fixture.psql

select is_empty('select * from remit.guards_verify(1)', 'the tables are guarded');
alter table remit.transfers disable trigger journal_refuses_update_and_delete;
select results_eq('select ledger_id, rule, subject from remit.guards_verify(1)',
    $$ values (1::bigint, 'journal_is_guarded', 'table transfers') $$, 'a trigger that is off is named');
alter table remit.transfers enable trigger journal_refuses_update_and_delete;
select is((select count(*) from remit_ops_v1.verify(1)), 1::bigint, 'as is one that a replica would not heed, by verify too');
alter table remit.transfers enable always trigger journal_refuses_update_and_delete;
drop trigger journal_refuses_truncate on remit.audit;
select results_eq('select subject from remit.guards_verify(1)', $$ values ('table audit') $$, 'and one that is gone');

select * from finish();
rollback;
