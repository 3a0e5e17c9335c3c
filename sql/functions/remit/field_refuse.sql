create or replace function remit.field_refuse(field text, rule text)
    returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
-- Refuses a request because of one field. The rule is a constant: it never repeats the value.
--
-- Raises: WL001. Locks: nothing.
begin
    raise exception using
        errcode = 'WL001', message = 'invalid field', column = field_refuse.field,
        detail  = jsonb_build_object('rule', field_refuse.rule)::text;
end;
$$;

comment on function remit.field_refuse(text, text) is
    'Raises WL001 for one field and the rule that it breaks.';
