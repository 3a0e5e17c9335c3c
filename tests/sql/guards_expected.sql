begin;
select plan(2);

select set_eq('select * from remit.guards_expected()', 'select * from remit.guards_found()', 'the list has all that a migration makes');
select is((select count(*) from remit.guards_expected()), (select count(distinct g) from remit.guards_expected() g), 'each once');

select * from finish();
rollback;
