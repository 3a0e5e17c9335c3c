begin;
select plan(5);
\ir fixture.psql

select bag_eq(
    $$ select remit_worker_v1.notifications_unsent(1, array[pg_temp.id(1), pg_temp.id(2), pg_temp.id(1)]) $$,
    array[pg_temp.id(1), pg_temp.id(2)], 'at first all are unsent, each told once');
select is(
    remit_worker_v1.notifications_record(1, array[
        (pg_temp.id(1), 'log', 'transfer.posted', pg_temp.id(100), 1)::remit_worker_v1.notification]),
    1, 'one is sent');
select bag_eq(
    $$ select remit_worker_v1.notifications_unsent(1, array[pg_temp.id(1), pg_temp.id(2)]) $$,
    array[pg_temp.id(2)], 'then it is not told');
select pg_temp.ledger(900);
select bag_eq(
    $$ select remit_worker_v1.notifications_unsent(900, array[pg_temp.id(1)]) $$,
    array[pg_temp.id(1)], 'in another ledger it is unsent');
select is_empty($$ select remit_worker_v1.notifications_unsent(1, '{}') $$, 'none is none');

select * from finish();
rollback;
