-- Only a transaction without an id can mark, and the one of a test gets its own at once. So each of
-- these has its own transaction.
alter sequence remit.outbox_id_seq restart;
select last_id as unused from remit_worker_v1.outbox_mark() \gset
select nextval('remit.outbox_id_seq') as first_id \gset
select last_id, xid from remit_worker_v1.outbox_mark() \gset

begin;
select plan(4);

select is(:unused, 0, 'before the first event a mark is below all');
select is(:last_id::bigint, :first_id::bigint + 999, 'then it is the last number that was given out');
select is(pg_xact_status(:'xid'::xid8), 'committed', 'and its own transaction');
select pg_current_xact_id() \g /dev/null
select throws_ok('select remit_worker_v1.outbox_mark()', '25001', null, 'a transaction that has an id cannot mark');

select * from finish();
rollback;
