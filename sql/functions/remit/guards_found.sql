create or replace function remit.guards_found()
    returns table (owner text, guard text)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- What of the kinds that guards_expected lists is there and in force.
--
-- Raises: nothing. Locks: nothing.
    select coalesce(c.relname, y.typname)::text, x.conname::text
      from pg_constraint x
      left join pg_class c on c.oid = x.conrelid
      left join pg_type y on y.oid = x.contypid
     where x.connamespace = 'remit'::regnamespace and x.contype in ('c', 'f', 'p', 'u') and x.convalidated
    union all
    select t.relname, c.relname
      from pg_index i
      join pg_class t on t.oid = i.indrelid
      join pg_class c on c.oid = i.indexrelid
     where t.relnamespace = 'remit'::regnamespace and i.indisunique and i.indisvalid
       and not exists (select from pg_constraint x where x.conindid = c.oid and x.conrelid = i.indrelid)
    union all
    select c.relname, a.attname || ' ' || y.typname
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid
      join pg_type y on y.oid = a.atttypid and y.typtype = 'd'
     where c.relnamespace = 'remit'::regnamespace and c.relkind = 'r'
    union all
    select p.proname, encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex')
      from pg_proc p
     where p.oid = 'remit.journal_refuse'::regproc;
$$;

comment on function remit.guards_found() is
    'What of the kinds that guards_expected lists is there and in force.';
