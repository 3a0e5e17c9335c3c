begin;
select plan(1);

create function pg_temp.diagnostics() returns text[] language plpgsql as $$
declare
    field text;
    detail text;
begin
    perform remit.field_refuse('amount', 'at least 1');
    return null;
exception when others then
    get stacked diagnostics field = column_name, detail = pg_exception_detail;
    return array[sqlstate, field, detail::jsonb ->> 'rule'];
end;
$$;
select is(pg_temp.diagnostics(), '{WL001,amount,at least 1}', 'the code, the field, and the rule as JSON');

select * from finish();
rollback;
