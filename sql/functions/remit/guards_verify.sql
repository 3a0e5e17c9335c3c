create or replace function remit.guards_verify(ledger_id bigint)
    returns setof remit_ops_v1.violation
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- Whether journal, chain and audit log refuse changes: a row for each table whose triggers are off
-- or gone.
--
-- Raises: nothing. Locks: nothing.
    select guards_verify.ledger_id, 'journal_is_guarded', 'table ' || g.name, '{}'::jsonb
      from unnest(array['transfers', 'chain_blocks', 'audit']) as g (name)
     where (select count(*) from pg_trigger t
             where t.tgrelid = format('remit.%I', g.name)::regclass and t.tgenabled = 'A'
               and t.tgfoid = 'remit.journal_refuse'::regproc) <> 2;
$$;

comment on function remit.guards_verify(bigint) is
    'Whether journal, chain and audit log refuse changes. A row for each table that does not.';
