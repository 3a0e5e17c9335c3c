create or replace function remit.event_types(names text[])
    returns remit_v1.event_type[]
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
-- The types that have these names; null for null.
--
-- Raises: WL001 for a name that is none, and for none or too many of them. Locks: nothing.
begin
    if cardinality(names) not between 1 and 100 or array_position(names, null) is not null then
        perform remit.field_refuse('types', '1 to 100 types of events, or null for all');
    end if;
    return names::remit_v1.event_type[];
exception when invalid_text_representation then
    perform remit.field_refuse('types', 'types of events, such as transfer.posted');
    return null;
end;
$$;

comment on function remit.event_types(text[]) is
    'The types of events that have these names.';
