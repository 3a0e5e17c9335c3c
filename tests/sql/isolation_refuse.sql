begin transaction isolation level repeatable read;
select plan(46);
\ir fixture.psql

-- A call of each function that takes a caller, with ones, nulls, and arrays of one null.
create temporary view calls as
    select p.proname, p.provolatile, format(
               'select remit_call from %s(%s) remit_call', p.oid::regproc,
               string_agg(case t.typcategory when 'A' then 'array[null]' when 'N' then '1' else 'null' end || '::' || format_type(t.oid, null),
                          ', ' order by a.place)) as statement
      from pg_proc p,
           lateral unnest(p.proargtypes) with ordinality as a (type, place)
      join pg_type t on t.oid = a.type
     where p.pronamespace in ('remit_v1'::regnamespace, 'remit_worker_v1'::regnamespace, 'remit_ops_v1'::regnamespace)
       and p.proargnames && array['key_sha256', 'key_sha256s']
     group by p.oid, p.proname, p.provolatile;

select is(pg_temp.refusal(statement), '25000', proname || ' admits nobody in a snapshot') from calls;
select is((select count(*) from calls), 44::bigint, 'these are all');
select is_empty(
    $$ select proname from calls where provolatile <> 'v' union all
       select p.proname from pg_proc p where p.oid in ('remit.caller_find'::regproc, 'remit.caller_admit'::regproc) and p.provolatile <> 'v' $$,
    'all of them look at the moment of the call, not of the statement');

select * from finish();
rollback;
