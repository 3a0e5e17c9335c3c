begin;
select plan(106);
\ir fixture.psql

-- The server is taken over: an attacker has its login and runs any statement. The attacker can call
-- its functions, as callers whose keys he has seen, and do nothing else; and nothing that he makes
-- can bend a function that runs as the owner.

select pg_temp.wallet(11, 100);
select pg_temp.wallet(12);
select pg_temp.key('seen', 'service');

-- ---- What he cannot do at all -------------------------------------------------------------------

select is(pg_temp.refusal_of('remit_server', statement), expected, statement)
  from (values
    ('select from remit.wallets', '42501'),
    ('select from remit.keys', '42501'),
    ('select from remit.audit_log', '42501'),
    ('insert into remit.transfers select', '42501'),
    ('delete from remit.outbox', '42501'),
    ('lock table remit.wallets in share mode', '42501'),
    ('select * from public.refinery_schema_history', '42501'),
    ('select remit.caller_find(1, null)', '42501'),
    ('select remit.audit_record(1, ''x'', ''{}'', null, null, null)', '42501'),
    ('select remit_ops_v1.verify()', '42501'),
    ('select remit_ops_v1.wallet_largest(1, ''USD'', 10)', '42501'),
    ('select remit_worker_v1.outbox_append(10)', '42501'),
    ('create or replace function remit_v1.transfer_id(text) returns uuid language sql as ''select null::uuid''', '42501'),
    ('alter function remit_v1.transfer_id(text) security invoker', '42501'),
    ('drop function remit_v1.transfer_id(text)', '42501'),
    ('alter function remit_v1.transfer_id(text) set search_path = public', '42501'),
    ('create schema mine', '42501'),
    ('create table public.mine (x integer)', '42501'),
    ('create function public.mine() returns integer language sql as ''select 1''', '42501'),
    ('create temporary table mine (x integer)', '42501'),
    ('create function pg_temp.mine() returns integer language sql as ''select 1''', '42501'),
    ('create cast (uuid as bigint) with inout as implicit', '42501'),
    ('create extension pgcrypto', '42501'),
    ('create publication mine for all tables', '42501'),
    ('create role mine', '42501'),
    ('alter role remit_server superuser', '42501'),
    ('alter role remit_operator password ''x''', '42501'),
    ('grant remit_operator to remit_server', '42501'),
    ('set role remit_operator', '42501'),
    ('set session_replication_role = replica', '42501'),
    ('set log_statement = ''all''', '42501'),
    ('select set_config(''plpgsql.variable_conflict'', ''use_column'', false)', '42501'),
    ('alter database postgres set search_path = public', '42501'),
    ('select pg_read_file(''/etc/passwd'')', '42501'),
    ('select pg_ls_dir(''.'')', '42501'),
    ('select pg_terminate_backend(pid) from pg_stat_activity where usename = ''postgres'' limit 0; copy (select 1) to program ''true''', '42501'),
    ('copy (select 1) to ''/tmp/remit_wall''', '42501'),
    ('select lo_import(''/etc/passwd'')', '42501'),
    ('select lo_create(0)', '42501'),
    ('select lo_from_bytea(0, ''x'')', '42501'),
    ('select pg_logical_emit_message(false, ''x'', ''x'')', '42501'),
    ('select pg_advisory_lock(1)', '42501'),
    ('select pg_try_advisory_lock_shared(1, 2)', '42501'),
    ('select pg_advisory_xact_lock(1)', '42501'),
    ('set temp_file_limit = -1', '42501'),
    ('select pg_switch_wal()', '42501'),
    ('select pg_promote()', '42501'),
    ('do language plpythonu ''pass''', '42704'))
    as a (statement, expected);
-- Nor can any of the others who log in make something, or become another role.
select is(pg_temp.refusal_of(role, statement), '42501', role || ': ' || statement)
  from unnest(array['remit_worker', 'remit_operator', 'remit_auditor']) role,
       unnest(array['create schema mine', 'create table public.mine (x integer)', 'create temporary table mine (x integer)',
                    'create or replace function remit_v1.transfer_id(text) returns uuid language sql as ''select null::uuid''',
                    'update remit.wallets set balance = 0', 'delete from remit.transfers', 'delete from remit.audit', 'delete from remit.log_blocks',
                    'insert into remit.keys select', 'alter role remit_server superuser', 'set role remit_server', 'set session_replication_role = replica',
                    'select lo_create(0)', 'select pg_read_file(''/etc/passwd'')', 'copy (select 1) to program ''true''']) statement;
select is(pg_temp.refusal_of('remit_server', $$ select 1 / count(*) from pg_stat_activity where usename <> session_user and query not in ('', '<insufficient privilege>') $$),
    '22012', 'he sees no statement of another''s session');
select is(pg_temp.refusal_of('remit_server', $$ select 1 / count(*) from pg_authid $$), '42501', 'nor a password''s hash');

-- ---- What he cannot bend ------------------------------------------------------------------------

-- A careless administrator lets him make things after all: temporary ones, and some in public.
do $$
begin
    execute format('grant temporary on database %I to remit_server', current_database());
end;
$$;
grant create on schema public to remit_server;

create table public.traps_sprung (who text, what text);
grant insert on public.traps_sprung to remit_server;
-- Notes who runs it: as the owner it would have the owner's rights.
set local session authorization remit_server;
create function public.spring(what text) returns void language plpgsql as $$
begin
    if current_user <> 'remit_server' then
        insert into public.traps_sprung values (current_user, what);
    end if;
end;
$$;

-- His own functions, operators, types and casts, of names and shapes that the functions use.
create function public.uuid_equal(uuid, uuid) returns boolean language plpgsql as $$
begin perform public.spring('operator ='); return true; end; $$;
create operator public.= (leftarg = uuid, rightarg = uuid, procedure = public.uuid_equal);
create function public.bigint_less(bigint, bigint) returns boolean language plpgsql as $$
begin perform public.spring('operator <'); return false; end; $$;
create operator public.< (leftarg = bigint, rightarg = bigint, procedure = public.bigint_less);
create function public.text_concat(text, uuid) returns text language plpgsql as $$
begin perform public.spring('operator ||'); return 'x'; end; $$;
create operator public.|| (leftarg = text, rightarg = uuid, procedure = public.text_concat);
create function public.sha256(bytea) returns bytea language plpgsql as $$
begin perform public.spring('sha256'); return '\x00'; end; $$;
create function public.clock_timestamp() returns timestamptz language plpgsql as $$
begin perform public.spring('clock_timestamp'); return '2000-01-01'; end; $$;
create function public.pg_has_role(name, text, text) returns boolean language plpgsql as $$
begin perform public.spring('pg_has_role'); return true; end; $$;
create function public.width_bucket(uuid, uuid[]) returns integer language plpgsql as $$
begin perform public.spring('width_bucket'); return 1; end; $$;
create temporary table wallets (ledger_id bigint, id uuid, balance bigint);
create temporary table keys (ledger_id bigint, sha256 bytea);
create temporary table transfers (ledger_id bigint, id uuid);
create domain pg_temp.uuid as text;
create domain pg_temp.bigint as text;
create domain pg_temp.timestamptz as text;
create type public.disguise as (ids text);
create function public.undisguise(public.disguise) returns pg_catalog.uuid[] language plpgsql as $$
begin perform public.spring('cast'); return array[$1.ids]::pg_catalog.uuid[]; end; $$;
create cast (public.disguise as pg_catalog.uuid[]) with function public.undisguise(public.disguise) as implicit;

-- And every setting turned that a session may turn.
set local search_path = pg_temp, public, pg_catalog;
set local time zone 'Asia/Kolkata';
set local datestyle = 'SQL, DMY';
set local bytea_output = 'escape';
set local transform_null_equals = on;
set local array_nulls = off;
set local standard_conforming_strings = off;
set local enable_indexscan = off;
set local enable_bitmapscan = off;
set local jit_above_cost = 0;
set local plpgsql.extra_errors = 'all';
set local default_transaction_read_only = on;

create temporary table answers as
    select 'own' as call, t.outcome::text as answer
      from remit_v1.transfers_post(1, array[
               ('00000000-0000-4000-8000-000000000101', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000012',
                40, null, null, null, null)::remit_v1.transfer_request], array[pg_catalog.sha256('seen')]) t
    union all
    select 'too much', t.outcome::text
      from remit_v1.transfers_post(1, array[
               ('00000000-0000-4000-8000-000000000102', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000012',
                61, null, null, null, null)::remit_v1.transfer_request], array[pg_catalog.sha256('seen')]) t
    union all
    select 'nobody', t.outcome::text
      from remit_v1.transfers_post(1, array[
               ('00000000-0000-4000-8000-000000000103', '00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000012',
                1, null, null, null, null)::remit_v1.transfer_request], array[pg_catalog.sha256('unseen')]) t
    union all
    select 'in disguise', w.balance::text
      from remit_v1.wallets_get(1, row('00000000-0000-4000-8000-000000000011')::public.disguise, array[pg_catalog.sha256('seen')]) w
    union all
    select 'user', (remit_v1.user_create(1, (null, 'x', null, null, null)::remit_v1.user_request, pg_catalog.sha256('seen'))).name
    union all
    select 'wallet', (remit_v1.wallet_create(1, (null, '00000000-0000-4000-8000-000000000001', 'USD', 7, 0, null, null, null)::remit_v1.wallet_request,
                                             pg_catalog.sha256('seen'))).balance::text;
insert into answers
    select 'entries', pg_catalog.count(*)::text
      from remit_v1.entry_list(1, '00000000-0000-4000-8000-000000000011', null, 10, pg_catalog.sha256('seen')) e
    union all
    select 'transfer', (remit_v1.transfer_get(1, '00000000-0000-4000-8000-000000000101', pg_catalog.sha256('seen'))).amount::text;
reset session authorization;
set local search_path = public, pg_catalog;
set local transform_null_equals = off;
set local array_nulls = on;
set local standard_conforming_strings = on;
set local enable_indexscan = on;
set local enable_bitmapscan = on;
set local plpgsql.extra_errors = 'none';
set local search_path = pg_catalog, public;

select pg_catalog.set_config('search_path', 'pg_catalog, public', true);
select is((select a.answer from pg_temp.answers a where a.call = c.call), c.expected, 'among traps: ' || c.call)
  from (values ('own', 'posted'), ('too much', 'insufficient_funds'), ('nobody', 'unauthenticated'), ('user', 'x'),
               ('wallet', '7'), ('in disguise', '60'), ('entries', '2'), ('transfer', '40')) as c (call, expected);
select is_empty('select * from public.traps_sprung', 'nothing of his ran with the owner''s rights');
select results_eq(
    $$ select w.balance::bigint from remit.wallets w where w.ledger_id = 1 and w.id in ('00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000012') order by w.id $$,
    $$ values (60::pg_catalog.int8), (40::pg_catalog.int8) $$, 'the wallets have what they should');
select is_empty('select * from remit_ops_v1.verify()', 'the books are right');

select * from finish();
rollback;
