begin;
select plan(3);

select set_eq('select distinct role from remit.rights_expected()',
    array['remit_server', 'remit_worker', 'remit_operator', 'remit_auditor'], 'the four roles have rights, and nobody else');
select is_empty(
    $$ select e.object from remit.rights_expected() e where case when e.privilege = 'EXECUTE' then to_regprocedure(e.object) is null end $$,
    'each function is there');
select is_empty(
    $$ select e.role, e.privilege, e.object from remit.rights_expected() e
        group by e.role, e.privilege, e.object having count(*) > 1 $$, 'each right is there once');

select * from finish();
rollback;
