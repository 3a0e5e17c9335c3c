begin;
select plan(25);
\ir fixture.psql
\ir tree.psql

-- Blocks 1 to 4, each with data and, two events each, notifications sent since.
select pg_temp.append() \g /dev/null
select pg_temp.blocks(3);
select pg_temp.wallet(11, 100);
select pg_temp.append() \g /dev/null
insert into remit.notifications (ledger_id, event_id, channel, type, subject_id, attempts, sent_at)
select b.ledger_id, e, 'log', 'x', gen_random_uuid(), 1, clock_timestamp() from remit.log_blocks b, unnest(b.event_ids) e;
create function pg_temp.prune(before timestamptz default clock_timestamp(), row_limit integer default 1000) returns text language sql as $$
    select p.notifications || ' ' || p.details from remit_ops_v1.prune(1, before, row_limit, 'ticket 7') p;
$$;
create temporary table proofs as select remit_v1.transfer_proof(1, remit.initial_transfer_id(pg_temp.id(11)), 5) as proof;
create temporary table told as select e.* from remit.log_slice(1, 0, 1000) e;

select is(pg_temp.prune(), '0 0', 'what no reader has come past stays');
select remit.cursors_move(array[(1, 'broker', 1000), (1, 'webhook', 2)]::remit_worker_v1.cursor[]);
select is(pg_temp.prune(now() - interval '1 day'), '0 0', 'and what is not older');
select is((select count(*) from remit.audit where action = 'prune'), 0::bigint, 'of nothing nothing is written down');
select is(pg_temp.prune(), '0 2', 'the slowest reader counts: also for what was sent since the block that it has to read');
select results_eq('select min(d.position) from remit.log_details d', 'values (3::bigint)', 'the oldest are gone');
select results_eq(
    $$ select reason, actor, detail - 'before' from remit.audit where action = 'prune' $$,
    $$ values ('ticket 7', session_user::text collate "default", '{"notifications": 0, "details": 2}'::jsonb) $$, 'who did it, why, and how many stands in the audit log');
select is(pg_temp.prune(), '0 0', 'again there is nothing');
update remit.cursors set position = 1000 where channel = 'webhook';
select is(pg_temp.prune(row_limit => 1), '1 1', 'in steps');
select is(pg_temp.prune(row_limit => 1), '1 1', 'as long as there is something');
insert into remit.events_aside (ledger_id, position, reason, at) values (1, 5, 'too large', now());
select is(pg_temp.prune(), (select count(*) - 2 from told) || ' 0', 'what is set aside is kept');
delete from remit.events_aside;
select is(pg_temp.prune(), '0 1', 'until it is not');

-- ---- Afterwards ---------------------------------------------------------------------------------

update remit.cursors set position = remit.log_position(1);
select is((select count(*) from remit.log_slice(1, 0, 1000) e where e.data is not null), 0::bigint, 'data that was pruned is null');
select results_eq('select e.id, e.type, e.subject_id, e.created_at, (e.transfer).id from remit.log_slice(1, 0, 1000) e', 'select t.id, t.type, t.subject_id, t.created_at, (t.transfer).id from told t', 'all else is as it was');
select is_empty('select * from remit.log_verify(1)', 'the log is right');
select is_empty($$ select * from remit.states_verify(1) where subject not like 'wallet 00000000-0000-4000-8000-00000000000%' $$, 'and says what it said');
select is((select remit_v1.transfer_proof(1, remit.initial_transfer_id(pg_temp.id(11)), 5)), (select proof from proofs), 'proofs are as they were');

-- ---- Requests -----------------------------------------------------------------------------------

select is(pg_temp.refusal(statement), expected, description)
  from (values ($$ select remit_ops_v1.prune(null, now(), 1, 'x') $$, 'WL001 ledger_id', 'the ledger must be said'),
               ($$ select remit_ops_v1.prune(77, now(), 1, 'x') $$, 'WL009 ledger_id', 'and be there'),
               ($$ select remit_ops_v1.prune(1, null, 1, 'x') $$, 'WL001 before', 'before when'),
               ($$ select remit_ops_v1.prune(1, now() + interval '1 hour', 1, 'x') $$, 'WL001 before', 'which is over'),
               ($$ select remit_ops_v1.prune(1, now(), 0, 'x') $$, 'WL001 row_limit', 'how many'),
               ($$ select remit_ops_v1.prune(1, now(), 100001, 'x') $$, 'WL001 row_limit', 'not too many'),
               ($$ set local remit.reason = ''; select remit_ops_v1.prune(1, now(), 1, null) $$, 'WL001 reason', 'and why')) as c (statement, expected, description);
select is(pg_temp.refusal_as('remit_server', $$ select remit_ops_v1.prune(1, now(), 1, 'x') $$), '42501', 'the server may not');
select is(pg_temp.refusal_as('remit_operator', $$ select remit_ops_v1.prune(1, now(), 1, 'x') $$), 'accepted', 'an operator may');

select * from finish();
rollback;
