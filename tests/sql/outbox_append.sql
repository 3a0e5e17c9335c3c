begin;
select plan(17);
\ir fixture.psql

select is((select count(*) from remit_worker_v1.outbox_append(10000)), 1::bigint, 'what waits is given');
select is_empty('select * from remit_worker_v1.outbox_append(10000)', 'once');
select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select is(pg_temp.outcomes(pg_temp.request(101, 11, 12, 40), pg_temp.request(102, 11, 12, 1000), pg_temp.request(103, 11, 12, 0), pg_temp.request(104, 12, 11, 1)),
    '{posted,insufficient_funds,"invalid_field amount",posted}', 'transfers');
select pg_temp.ledger(900);
create temporary table told as select * from pg_temp.waiting;
create temporary table given as select e.* from remit_worker_v1.outbox_append(10000) with ordinality e;
select results_eq(
    'select ledger_id, id, type, subject_id, created_at from given order by ordinality',
    'select ledger_id, remit.event_id(created_at, number), type, subject_id, created_at from told order by ledger_id, number',
    'each event is given, ledger by ledger, and in order');
select results_eq(
    'select to_jsonb(e) from remit.log_slice(1, 1, 1000) e', $$ select to_jsonb(g) - 'ordinality' from given g where ledger_id = 1 order by ordinality $$, 'as the log has it');
select is((select array_agg(pg_temp.number(subject_id) order by position) from given where (transfer).id <> remit.initial_transfer_id(pg_temp.id(11))), '{101,102,104}', 'what is not stored is not told');
select is((select count(distinct id) from given), (select count(*) from told), 'each has an id of its own');

-- ---- Cursors ------------------------------------------------------------------------------------

do $$ begin perform remit.event_record(1, 'wallet.frozen', pg_temp.id(n), '{}', now()) from generate_series(201, 205) n; end; $$;
select is((select count(*) from remit_worker_v1.outbox_append(2, 0, array[(1, 'broker', 3), (900, 'broker', 1)]::remit_worker_v1.cursor[])), 2::bigint, 'no more rows than asked for');
select results_eq('select ledger_id, channel, position from remit.cursors order by 1', $$ values (1::bigint, 'broker', 3::bigint), (900, 'broker', 1) $$, 'what was confirmed moves cursors');
select is((select pg_temp.number(subject_id) from remit_worker_v1.outbox_append(1, (select id from remit.outbox where subject_ids[1] = pg_temp.id(204)))), 204, 'from a floor on');
select is((select array_agg(pg_temp.number(subject_id)) from remit_worker_v1.outbox_append(10)), '{203,205}', 'the others come later');

-- ---- Ledgers share a call -----------------------------------------------------------------------

insert into remit.outbox (ledger_id, types, subject_ids, created_at)
select l, array_fill('transfer.posted'::remit_v1.event_type, array[2000]), array(select gen_random_uuid() from generate_series(1, 2000)), now()
  from generate_series(1, 5) n, unnest('{1,900}'::bigint[]) l;
select is((select array_agg(distinct ledger_id) from remit_worker_v1.outbox_append(10000)), '{1}', 'a call has about ten thousand events, however many ledgers have some');
select is((select array_agg(distinct ledger_id) from remit_worker_v1.outbox_append(10000)), '{900}', 'the others are next');

select is(pg_temp.refusal(statement), expected, description)
  from (values ('select remit_worker_v1.outbox_append(0)', 'WL001 row_limit', 'a call takes some'),
               ('select remit_worker_v1.outbox_append(10001)', 'WL001 row_limit', 'not too many'),
               ('select remit_worker_v1.outbox_append(null)', 'WL001 row_limit', 'a number'),
               ('select remit_worker_v1.outbox_append(1, 0, null)', 'WL001 confirmed', 'and cursors, or none')) as c (statement, expected, description);

select * from finish();
rollback;
