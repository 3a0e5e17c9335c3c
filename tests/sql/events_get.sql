begin;
select plan(28);
\ir fixture.psql

select pg_temp.wallet(11, 1000);
select pg_temp.wallet(12);
insert into remit.ledgers (ledger_id, name) values (900, 'another');

-- Without what a person did.
create function pg_temp.append_others() returns bigint language plpgsql as $$
begin
    delete from remit.outbox o where o.types = '{operator.acted}';
    return pg_temp.append();
end;
$$;

create function pg_temp.page(after bigint, event_limit integer, types text[] default null) returns remit_v1.event_page language sql as $$
    select remit_v1.events_get(1, after, event_limit, types);
$$;
-- A page as positions and types.
create function pg_temp.told(page remit_v1.event_page) returns text[] language sql as $$
    select array(select e.position || ' ' || e.type from unnest(page.events) e order by e.position);
$$;

select is((pg_temp.page(0, 10)).head, 0::bigint, 'what is not in the log is not told');
select results_eq('select (p).next, cardinality((p).events) from pg_temp.page(0, 10) p', $$ values (0::bigint, 0) $$,
                  'an empty log has an empty page');
select pg_temp.append_others() \g /dev/null
create temporary table began as select remit.log_position(1) as position;
select pg_temp.post(pg_temp.request(101, 11, 12, 10, request_id => 'r'), pg_temp.request(102, 11, 12, 5000)) \g /dev/null
select pg_temp.post(pg_temp.request(103, 11, 12, 20)) \g /dev/null
select pg_temp.append_others() \g /dev/null
select pg_temp.post(pg_temp.request(104, 11, 12, 30)) \g /dev/null
select pg_temp.append_others() \g /dev/null

-- ---- Pages --------------------------------------------------------------------------------------

create function pg_temp.at(places integer) returns bigint language sql as $$ select position + places from began; $$;
select is(pg_temp.told(pg_temp.page(pg_temp.at(0), 1000)),
          array[pg_temp.at(1) || ' transfer.posted', pg_temp.at(2) || ' transfer.rejected', pg_temp.at(3) || ' transfer.posted', pg_temp.at(4) || ' transfer.posted'],
          'a page has the events after a position, over blocks');
select is(pg_temp.told(pg_temp.page(pg_temp.at(1), 2)), array[pg_temp.at(2) || ' transfer.rejected', pg_temp.at(3) || ' transfer.posted'],
          'it may begin and end within a block');
select is((pg_temp.page(pg_temp.at(1), 2)).next, pg_temp.at(3), 'the next one begins after its last event');
select is((pg_temp.page(pg_temp.at(1), 2)).head, pg_temp.at(4), 'the head is that of the log');
select results_eq(
    $$ select e.id = remit.event_id(e.created_at, 0) or e.id is not null, e.request_id, pg_temp.number(e.subject_id), (e.transfer).amount, e.data::text
         from unnest((pg_temp.page(pg_temp.at(0), 1)).events) e $$,
    $$ values (true, 'r', 101, 10::bigint, null::text) $$, 'an event of the journal has its row');
select is(pg_temp.told(pg_temp.page(pg_temp.at(4), 10)), '{}', 'at the end there is none');
select is((pg_temp.page(pg_temp.at(4), 10)).next, pg_temp.at(4), 'and the next page begins there');
select is((pg_temp.page(pg_temp.at(9), 10)).next, pg_temp.at(9), 'also beyond the end');
select is((pg_temp.page(0, 1)).epoch, remit.epoch(), 'it tells its epoch');
select is((remit_v1.events_get(900, 0, 10)).head, 0::bigint, 'another ledger has another log');

-- ---- Types --------------------------------------------------------------------------------------

select is(pg_temp.told(pg_temp.page(pg_temp.at(0), 10, '{transfer.rejected}')), array[pg_temp.at(2) || ' transfer.rejected'], 'one type');
select is((pg_temp.page(pg_temp.at(0), 10, '{transfer.rejected}')).next, pg_temp.at(4), 'was looked for up to the head');
select is(pg_temp.told(pg_temp.page(pg_temp.at(0), 2, '{transfer.posted,hold.expired}')),
          array[pg_temp.at(1) || ' transfer.posted', pg_temp.at(3) || ' transfer.posted'], 'a page of types is as long as asked');
select is((pg_temp.page(pg_temp.at(0), 2, '{transfer.posted,hold.expired}')).next, pg_temp.at(3), 'and ends at its last event');
-- 30,000 events of another ledger, in blocks of 10,000; the last one is of another type.
insert into remit.log_blocks (ledger_id, block, position, event_ids, types, subject_ids, times, digests, nodes, created_at)
select 900, n, n * 10000, array(select gen_random_uuid() from generate_series(1, 10000)),
       array_fill('transfer.posted'::remit_v1.event_type, array[9999])
           || case n when 3 then 'wallet.frozen' else 'transfer.posted' end::remit_v1.event_type,
       array_fill(pg_temp.id(1), array[10000]), array_fill(clock_timestamp(), array[10000]),
       array_fill('\x00'::bytea, array[10000]), array['\x00'::bytea], clock_timestamp()
  from generate_series(1, 3) n;
select results_eq($$ select next, head, cardinality(events) from remit_v1.events_get(900, 0, 10, '{wallet.frozen}') $$,
                  $$ values (20000::bigint, 30000::bigint, 0) $$, 'a call looks at 20,000 positions at most');
select results_eq($$ select next, cardinality(events) from remit_v1.events_get(900, 20000, 10, '{wallet.frozen}') $$,
                  $$ values (30000::bigint, 1) $$, 'and the next one goes on');

-- ---- Plans --------------------------------------------------------------------------------------

-- How many entries of the indexes of a table a call reads, whichever it takes.
create function pg_temp.reads(table_name regclass, call text) returns bigint language plpgsql as $$
declare
    before bigint;
begin
    select sum(pg_stat_get_xact_tuples_returned(i.indexrelid)) into before from pg_index i where i.indrelid = table_name;
    execute call;
    return (select sum(pg_stat_get_xact_tuples_returned(i.indexrelid)) from pg_index i where i.indrelid = table_name) - before;
end;
$$;
insert into remit.log_blocks (ledger_id, block, position, event_ids, types, subject_ids, times, digests, nodes, created_at)
select 900, n, 29997 + n, array[gen_random_uuid()], '{wallet.frozen}', array[pg_temp.id(1)], array[clock_timestamp()],
       array['\x00'::bytea], array['\x00'::bytea], clock_timestamp()
  from generate_series(4, 3000) n;
select cmp_ok(pg_temp.reads('remit.log_blocks', 'select remit_v1.events_get(900, 31000, 10)'), '<=', 20::bigint,
              'a page looks up its blocks');
select cmp_ok(pg_temp.reads('remit.log_blocks', $$ select remit_v1.events_get(900, 31000, 10, '{wallet.frozen}') $$), '<=', 2100::bigint,
              'a page of types as many as it may look at');

-- ---- Refusals -----------------------------------------------------------------------------------

select is(pg_temp.refusal(statement), expected, description)
  from (values ('select pg_temp.page(-1, 1)', 'WL001 after', 'before the beginning'), ('select pg_temp.page(null, 1)', 'WL001 after', 'after nothing'),
               ('select pg_temp.page(0, 0)', 'WL001 event_limit', 'a page of none'), ('select pg_temp.page(0, 1001)', 'WL001 event_limit', 'too long a page'),
               ($$ select pg_temp.page(0, 1, '{remit.transfer.posted}') $$, 'WL001 types', 'a type that is none'),
               ($$ select pg_temp.page(0, 1, '{}') $$, 'WL001 types', 'no type')) as c (statement, expected, description);
select pg_temp.key('user', 'user', 1), pg_temp.key('reader', 'reader') \g /dev/null
select is(pg_temp.refusal($$ select remit_v1.events_get(1, 0, 1, null, sha256('user')) $$), 'WL017', 'a user''s key sees no log');
select is(pg_temp.refusal($$ select remit_v1.events_get(1, 0, 1, null, sha256('reader')) $$), 'accepted', 'a reader''s does');

select * from finish();
rollback;
