create or replace function remit.guards_verify(ledger_id bigint)
    returns setof remit_ops_v1.violation
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- Whether the tables refuse what they have to: a row for each of journal, log and audit log whose
-- triggers are off, gone or others; for each guard that is gone or was not checked against the rows
-- that were there; and for each table with something that goes around its guards.
--
-- Raises: nothing. Locks: nothing.
    with tables as (
        select c.* from pg_class c where c.relnamespace = 'remit'::regnamespace and c.relkind in ('r', 'p', 'f')
    ), triggers as (
        select t.tgrelid, t.tgname, t.tgisinternal, t.tgenabled,
               -- Before each update and delete of a row, or before a truncate, without conditions.
               (t.tgname, t.tgtype) in (('journal_refuses_update_and_delete', 27), ('journal_refuses_truncate', 34))
               and t.tgqual is null and t.tgattr = '' and t.tgenabled = 'A' and t.tgfoid = 'remit.journal_refuse'::regproc as is_guard
          from pg_trigger t
    ), ways_around as (
        select c.relname, 'rule ' || r.rulename as way from tables c join pg_rewrite r on r.ev_class = c.oid
        union all
        select c.relname, 'row level security' from tables c where c.relrowsecurity or c.relforcerowsecurity
        union all
        select c.relname, 'inheritance' from tables c join pg_inherits i on c.oid in (i.inhparent, i.inhrelid)
        union all
        select c.relname, 'kind or persistence' from tables c where c.relkind <> 'r' or c.relpersistence <> 'p'
        union all
        select c.relname, 'trigger ' || t.tgname
          from tables c join triggers t on t.tgrelid = c.oid
         where case when t.tgisinternal then t.tgenabled <> 'O' -- A foreign key's.
                    else t.tgname not in ('journal_refuses_update_and_delete', 'journal_refuses_truncate') end
    )
    select guards_verify.ledger_id, 'journal_is_guarded', 'table ' || g.name, '{}'::jsonb
      from unnest(array['transfers', 'log_blocks', 'audit']) as g (name)
     where (select count(*) from triggers t where t.tgrelid = format('remit.%I', g.name)::regclass and t.is_guard) <> 2
    union all
    select guards_verify.ledger_id, 'guard_is_there', l.owner || ' ' || l.guard, '{}'
      from (select * from remit.guards_expected() except select * from remit.guards_found()) l
    union all
    select guards_verify.ledger_id, 'nothing_goes_around_the_guards', 'table ' || w.relname,
           jsonb_build_object('ways', jsonb_agg(w.way order by w.way))
      from ways_around w
     group by w.relname;
$$;

comment on function remit.guards_verify(bigint) is
    'Whether the tables refuse what they have to. A row for each guard that is off, gone or gone around.';
