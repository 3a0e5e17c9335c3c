-- Only a transaction without an id leaves a mark, and the one of a test gets its own at once: these
-- have one each.
select nextval('remit.outbox_id_seq') as first_id \gset
select set_config('remit.outbox_known', '{7,8,3,9}', false) \gset
select remit.outbox_mark() \gset
select current_setting('remit.outbox_known') as waiting \gset
select set_config('remit.outbox_known', '', false) \gset
select remit.outbox_mark() \gset
select current_setting('remit.outbox_known') as ignorant \gset
select set_config('remit.outbox_known', '{7,NULL,NULL,9}', false) \gset
select remit.outbox_mark() \gset
select current_setting('remit.outbox_known') as marked \gset

begin;
select plan(5);

select is((select array[k[1], k[2], k[4]] from cast(:'marked' as bigint[]) as k), array[7, :first_id + 999, 9]::bigint[],
          'a mark is the last number that was given out');
select cmp_ok((cast(:'marked' as bigint[]))[3], '<', pg_current_xact_id()::text::bigint, 'and a transaction that has ended by now');
select is(:'waiting'::text, '{7,8,3,9}', 'a mark that waits stays');
select is(:'ignorant'::text, '', 'a session without a floor needs none');
select set_config('remit.outbox_known', '{7,NULL,NULL,9}', true) \gset
select remit.outbox_mark() \gset
select is(current_setting('remit.outbox_known'), '{7,NULL,NULL,9}', 'a transaction that has an id leaves none');

select * from finish();
rollback;
