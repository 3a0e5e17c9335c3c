begin;
select plan(50);
\ir fixture.psql

-- What must be true of every function, table and role, whichever come later.

create temporary view functions as
    select p.oid, p.oid::regprocedure::text as signature, n.nspname as schema, p.proname as name, p.prosecdef, p.proconfig,
           p.prosqlbody is not null as is_bound, p.proowner,
           p.prolang = (select l.oid from pg_language l where l.lanname = 'plpgsql') as is_plpgsql,
           p.prorettype = 'trigger'::regtype as is_trigger, n.nspname <> 'remit' as is_api,
           -- The steps of transfers_post and their parts run in the path that it pins: to pin it
           -- again would cost each call 10 µs, and each request another 1 µs for each part.
           n.nspname = 'remit' and p.proname in (
               'transfers_admit', 'wallets_lock', 'transfers_draft', 'transfers_decide', 'transfers_store') as is_step,
           n.nspname = 'remit' and p.proname in (
               'terms_resolve', 'terms_read', 'holds_expire', 'subjects_read', 'request_fault', 'transfer_replay',
               'terms_weigh', 'first_open', 'first_expiry', 'originals_after', 'effect_draw', 'group_refuse',
               'holds_store', 'spending_record') as is_part
      from pg_proc p
      join pg_namespace n on n.oid = p.pronamespace
     where n.nspname in ('remit', 'remit_v1', 'remit_worker_v1', 'remit_ops_v1');

create temporary view roles as
    select unnest(array['remit_server', 'remit_worker', 'remit_operator', 'remit_auditor']) as role;

-- Every table, view and sequence that is ours: not the system's, not an extension's.
create temporary view relations as
    select c.oid, c.oid::regclass::text as name, c.relkind
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
     where n.nspname !~ '^(pg_|information_schema$)'
       and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
       and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e');

select cmp_ok((select count(*) from functions), '>=', 33::bigint, 'there are functions to check');
select cmp_ok((select count(*) from relations where name like 'remit.%'), '>=', 10::bigint, 'and tables, a view and sequences');

-- ---- Functions ----------------------------------------------------------------------------------

select is_empty(
    $$ select signature from functions where prosecdef <> is_api $$,
    'the functions of the API run as their owner, the helpers as their caller');
select is_empty(
    $$ select signature, proconfig from functions
        where not is_bound and not is_step and not is_part and proconfig[1] is distinct from 'search_path=pg_catalog, pg_temp' $$,
    'every function whose names are not bound when it is created pins its search path, first of its settings');
select results_eq(
    $$ select count(*) filter (where is_step), count(*) filter (where is_part) from functions where proconfig is null $$,
    'values (5::bigint, 14::bigint)',
    'but for the steps of transfers_post and their parts, which have the settings of their caller');
select is_empty(
    $$ select f.signature from functions f join pg_proc p on p.oid = f.oid where regexp_replace(p.prosrc, '--[^\n]*', '', 'g') like '%\\%' $$,
    'no function has a backslash, which a session''s settings could give another meaning');
select is_empty(
    $$ select signature from functions where coalesce(obj_description(oid, 'pg_proc'), '') = '' $$,
    'every function has a comment');
select is_empty(
    $$ select signature from functions where is_api group by signature having count(*) > 1
       union all select schema || '.' || name from functions group by schema, name having count(*) > 1 $$,
    'no function is overloaded: a changed signature replaces the old one');
select is((select count(distinct proowner) from functions), 1::bigint, 'one owner has all functions');
select is_empty(
    $$ select c.relname from pg_class c where c.relnamespace = 'remit'::regnamespace
          and c.relowner <> (select proowner from functions limit 1) $$,
    'the same that has all tables');
select is_empty(
    $$ select f.signature, c.lineno, c.level, c.sqlstate, c.message
         from functions f,
              lateral plpgsql_check_function_tb(
                  funcoid => f.oid, all_warnings => true,
                  relid => case when f.is_trigger then 'remit.transfers'::regclass else 0 end) c
        where f.is_plpgsql $$,
    'plpgsql_check finds nothing in any function');

-- ---- Who may execute what -----------------------------------------------------------------------

select is_empty('select * from remit.rights_verify()', 'each role may do what remit.rights_expected() says, and nothing else');

-- ---- Who may touch what -------------------------------------------------------------------------

select set_eq(
    $$ select r.role, t.name, p.privilege
         from roles r, relations t,
              unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as p (privilege)
        where t.relkind <> 'S' and has_table_privilege(r.role, t.oid, p.privilege) $$,
    $$ values ('remit_auditor', 'remit.entries', 'select'), ('remit_auditor', 'remit.audit_log', 'select') $$,
    'no role has a right on a table; the auditor reads the views');
select is_empty(
    $$ select r.role, t.name, p.privilege
         from roles r, relations t, unnest(array['select', 'insert', 'update', 'references']) as p (privilege)
        where t.relkind in ('r', 'p') and has_any_column_privilege(r.role, t.oid, p.privilege) $$,
    'nor on a column');
select is_empty(
    $$ select r.role, t.name, p.privilege
         from roles r, relations t, unnest(array['usage', 'select', 'update']) as p (privilege)
        where t.relkind = 'S' and has_sequence_privilege(r.role, t.oid, p.privilege) $$,
    'nor on a sequence');
select is_empty(
    $$ select r.role, n.nspname from roles r, pg_namespace n
        where n.nspname !~ '^pg_(toast_)?temp' and has_schema_privilege(r.role, n.oid, 'create') $$,
    'no role may create anything in any schema');
select is_empty(
    $$ select role from roles where has_database_privilege(role, current_database(), 'create') $$,
    'nor a schema');
select is_empty(
    $$ select r.role from roles r join pg_roles p on p.rolname = r.role
        where p.rolsuper or p.rolcreatedb or p.rolcreaterole or p.rolreplication or p.rolbypassrls $$,
    'no role has a power of its own');
select is_empty(
    $$ select r.role, p.rolname from roles r join pg_roles p on p.rolname <> r.role and pg_has_role(r.role, p.oid, 'member') $$,
    'or is a member of another');
select is(
    pg_temp.refusal_as(role, statement), expected, role || ': ' || statement)
  from (values ('remit_server', 'select from remit.wallets', '42501'),
               ('remit_server', 'update remit.wallets set balance = 0', '42501'),
               ('remit_server', 'select remit.uuid_v8(null)', '42501'),
               ('remit_server', 'select remit_ops_v1.verify()', '42501'),
               ('remit_server', 'select remit_worker_v1.outbox_append(1)', '42501'),
               ('remit_server', 'select remit_v1.transfer_id(''key'')', 'accepted'),
               ('remit_server', 'select remit_v1.outbox_lag()', 'accepted'),
               ('remit_worker', 'select from remit.outbox', '42501'),
               ('remit_worker', 'select from remit.log_blocks', '42501'),
               ('remit_worker', 'select remit.log_append(1, 1, 0)', '42501'),
               ('remit_worker', 'select remit_v1.outbox_lag()', '42501'),
               ('remit_worker', 'select remit_worker_v1.outbox_append(1)', 'accepted'),
               ('remit_operator', 'select from remit.transfers', '42501'),
               ('remit_operator', 'select remit_worker_v1.outbox_append(1)', '42501'),
               ('remit_operator', 'select remit_ops_v1.verify()', 'accepted'),
               ('remit_auditor', 'select from remit.transfers', '42501'),
               ('remit_auditor', 'select remit_v1.outbox_lag()', '42501'),
               ('remit_auditor', 'select from remit.entries', 'accepted'),
               ('remit_auditor', 'select from remit.log_blocks', '42501'),
               ('remit_auditor', 'select remit_ops_v1.log_head()', 'accepted'),
               ('remit_auditor', 'select remit_ops_v1.verify()', 'accepted'))
       as c (role, statement, expected);

-- A wallet's whole life through the one door that each role has.
select is(
    pg_temp.refusal_as('remit_server', format(
        $$ select remit_v1.wallet_create(1, (%L, %L, 'USD', 100, 0, null, null, null)::remit_v1.wallet_request) $$,
        pg_temp.id(11), pg_temp.id(1))),
    'accepted', 'the server makes a wallet without a right on any table');
select is(
    pg_temp.refusal_as('remit_operator', format('select remit_ops_v1.wallet_freeze(1, %L, ''a test'')', pg_temp.id(11))),
    'accepted', 'the operator freezes it');
select is(
    pg_temp.refusal_as('remit_worker', 'select remit_worker_v1.outbox_append(100)'),
    'accepted', 'the worker moves its events to the log');
select is_empty('select * from remit.outbox', 'which are gone');

-- ---- Tables -------------------------------------------------------------------------------------

select is_empty(
    $$ select t.name from relations t
        where t.name like 'remit.%' and t.relkind in ('r', 'p')
          and not exists (select from pg_index i where i.indrelid = t.oid and i.indisprimary) $$,
    'every table has a primary key');
select set_eq(
    $$ select t.name, i.indexrelid::regclass::text
         from relations t
         join pg_index i on i.indrelid = t.oid and i.indisunique
         join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]
        where t.name like 'remit.%' and a.attname <> 'ledger_id' $$,
    $$ values ('remit.currencies', 'remit.currencies_pkey'), ('remit.cache', 'remit.cache_pkey'), ('remit.relay', 'remit.relay_pkey'), ('remit.webhooks_lead', 'remit.webhooks_lead_pkey') $$,
    'the ledger leads every primary key and unique index, but for the list of currencies and the tables of one row');
select set_eq(
    $$ select c.conrelid::regclass::text, c.confrelid::regclass::text
         from pg_constraint c
         join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        where c.contype = 'f' and c.connamespace = 'remit'::regnamespace and a.attname <> 'ledger_id' $$,
    $$ values ('remit.wallets', 'remit.currencies') $$,
    'and every foreign key, but for that to the currencies');
select is_empty(
    $$ select a.attrelid::regclass, a.attname from pg_attribute a join relations t on t.oid = a.attrelid
        where t.name like 'remit.%' and t.relkind = 'r' and a.attidentity <> '' and a.atttypid <> 'bigint'::regtype $$,
    'identities are bigint');
create temporary view append_only as
    select t.tgrelid::regclass::text as name, t.tgname::text, t.tgenabled::text, t.tgtype::integer, t.tgfoid
      from pg_trigger t join relations r on r.oid = t.tgrelid where not t.tgisinternal;

-- The bits of tgtype: 1 for each row, 2 before, 8 delete, 16 update, 32 truncate.
select set_eq(
    $$ select name, tgname, tgenabled, tgtype from append_only $$,
    $$ select 'remit.' || t.name as name, g.name as tgname, 'A', g.type
         from unnest(array['transfers', 'log_blocks', 'audit']) as t (name),
              (values ('journal_refuses_truncate', 2 + 32), ('journal_refuses_update_and_delete', 1 + 2 + 8 + 16)) as g (name, type) $$,
    'the triggers of the append-only tables are always enabled');
select is_empty(
    $$ select name, tgname from append_only where tgfoid <> 'remit.journal_refuse'::regproc $$,
    'and call journal_refuse');

select * from finish();
rollback;
