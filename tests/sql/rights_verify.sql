begin;
select plan(13);

select is_empty('select * from remit.rights_verify()', 'after a migration each role has what the repository says');

create or replace function pg_temp.found_after(statement text) returns text language plpgsql as $$
declare
    found text;
begin
    execute statement;
    select string_agg(r, ', ') into found from remit.rights_verify() r;
    raise exception 'undone' using detail = coalesce(found, 'nothing');
exception
    when raise_exception then
        get stacked diagnostics found = pg_exception_detail;
        return found;
end;
$$;

select is(pg_temp.found_after(statement), expected, statement)
  from (values
    ('grant execute on function remit_v1.outbox_lag() to public', 'public has EXECUTE on remit_v1.outbox_lag()'),
    ('grant execute on function remit_v1.outbox_lag() to remit_auditor', 'remit_auditor has EXECUTE on remit_v1.outbox_lag()'),
    ('revoke execute on function remit_v1.outbox_lag() from remit_server', 'remit_server lacks EXECUTE on remit_v1.outbox_lag()'),
    ('create function remit.new() returns integer language sql as ''select 1''; grant execute on function remit.new() to public',
     'public has EXECUTE on remit.new()'),
    ('grant select on remit.keys to remit_server', 'remit_server has SELECT on remit.keys'),
    ('grant update (balance) on remit.wallets to pg_monitor', 'pg_monitor has UPDATE on remit.wallets'),
    ('grant usage on sequence remit.audit_id_seq to remit_worker', 'remit_worker has USAGE on remit.audit_id_seq'),
    ('grant usage on schema remit to remit_server', 'remit_server has USAGE on remit'),
    ('alter role remit_server createrole', 'role remit_server may more than log in'),
    ('grant remit_operator to remit_server', 'remit_server is a member of remit_operator'),
    ('alter function remit.hour_number(timestamptz) owner to pg_monitor',
     'remit.hour_number(timestamp with time zone) belongs to pg_monitor, and the schema remit to ' || (
         select n.nspowner::regrole from pg_namespace n where n.nspname = 'remit')))
    as c (statement, expected);
select matches(pg_temp.found_after(format('grant temporary on database %I to public', current_database())),
    '^public has TEMPORARY on database ', 'temporary objects');

select * from finish();
rollback;
