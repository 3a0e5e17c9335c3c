begin;
select plan(8);
\ir fixture.psql

create function pg_temp.lags(cursor_limit integer default 100) returns text[] language sql as $$
    select array_agg(concat_ws(' ', coalesce(l.ledger_id::text, 'others'), l.channel, l.events, case when l.waits_since is not null then 'waits' end)
                     order by l.ledger_id, l.channel)
      from remit_worker_v1.cursors_lag(cursor_limit) l;
$$;

select is(pg_temp.lags(), '{"others outbox 1 waits"}', 'a ledger without a log has no lag');
select pg_temp.wallet(11, 100);
select is((select events > 0 and waits_since is not null from remit_worker_v1.cursors_lag(9) where channel = 'outbox'), true,
          'what waits in the outbox is told with its age');
select count(*) as appended from remit_worker_v1.outbox_append(1000) \gset
select is(pg_temp.lags(),
          array[format('1 broker %s waits', :appended), format('1 cache %s waits', :appended), 'others outbox 0'],
          'what was appended is what the cursors lag');
select is((select waits_since from remit_worker_v1.cursors_lag(9) where channel = 'broker'),
          (select created_at from remit.log_blocks where ledger_id = 1 order by position desc limit 1),
          'since when, says the block');
select remit_worker_v1.cursors_confirm(array[(1, 'broker', remit.log_position(1) - 1), (1, 'webhook:1', 0), (1, 'webhook:2', 0)]::remit_worker_v1.cursor[]);
select is((select events from remit_worker_v1.cursors_lag(9) where channel = 'broker'), 1::bigint, 'a cursor may be inside of a block');
insert into remit.log_blocks
select 1, b.block + 1, b.position + 5, array_fill(pg_temp.id(1), array[5]), array_fill('user.created'::remit_v1.event_type, array[5]),
       array_fill(pg_temp.id(1), array[5]), array_fill(now(), array[5]), array_fill('\x00'::bytea, array[5]), array['\x00'::bytea], b.created_at
  from remit.log_blocks b where b.ledger_id = 1 order by b.position desc limit 1;
select remit_worker_v1.cursors_confirm(array[(1, 'broker', remit.log_position(1)), (1, 'cache', 1)]::remit_worker_v1.cursor[]);
select is((select array_agg(concat_ws(' ', coalesce(l.ledger_id::text, 'others'), l.channel) order by l.ledger_id, l.channel)
             from remit_worker_v1.cursors_lag(1) l),
          '{"1 webhook:1","others broker","others cache","others outbox","others webhook"}',
          'of many those with the largest lag are told one by one, the others together');
select is(pg_temp.refusal('select remit_worker_v1.cursors_lag(0)'), 'WL001 cursor_limit', 'the number is bounded');
select is(pg_temp.refusal_as('remit_server', 'select remit_worker_v1.cursors_lag(1)'), '42501', 'the worker alone asks');

select * from finish();
rollback;
