begin;
select plan(10);
\ir fixture.psql

create function pg_temp.notification(number integer, attempts integer default 1)
    returns remit_worker_v1.notification language sql as $$
    select (pg_temp.id(number), 'log', 'transfer.posted', pg_temp.id(100), attempts)::remit_worker_v1.notification;
$$;

select is(remit_worker_v1.notifications_record(1, array[pg_temp.notification(1, 3), pg_temp.notification(2)]), 2,
          'two new notifications');
select results_eq(
    $$ select ledger_id, channel, type, pg_temp.number(subject_id), attempts, sent_at = now()
         from remit.notifications where event_id = pg_temp.id(1) $$,
    $$ values (1::bigint, 'log', 'transfer.posted', 100, 3, true) $$,
    'one is recorded as it was sent');
select is(remit_worker_v1.notifications_record(1, array[pg_temp.notification(1, 9), pg_temp.notification(3)]), 1,
          'only the new one is counted');
select is((select attempts from remit.notifications where event_id = pg_temp.id(1)), 3, 'a recorded one stays as it is');
select is(remit_worker_v1.notifications_record(1, array[pg_temp.notification(4), pg_temp.notification(4)]), 1,
          'one event twice in a call is one notification');
select pg_temp.ledger(900);
select is(remit_worker_v1.notifications_record(900, array[pg_temp.notification(1)]), 1, 'another ledger has its own');
select is(remit_worker_v1.notifications_record(1, '{}'), 0, 'none is none');
select is(remit_worker_v1.notifications_record(1, null), 0, 'nor is null any');
select is(pg_temp.refusal($$ select remit_worker_v1.notifications_record(1, array[pg_temp.notification(5, 0)]) $$), '23514',
          'what was sent took an attempt');
select is((select count(*) from remit.notifications), 5::bigint, 'these are all');

select * from finish();
rollback;
