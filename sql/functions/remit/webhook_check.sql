create or replace function remit.webhook_check(request remit_v1.webhook_request, members remit_v1.webhook_member[])
    returns void
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Refuses a URL, types or a description that a webhook cannot have, where they are among the
-- members that count.
--
-- Raises: WL001. Locks: nothing.
begin
    if 'url' = any (members) then
        begin
            if request.url::remit.webhook_url is null then
                raise check_violation;
            end if;
        exception when check_violation then
            perform remit.field_refuse('url', 'https://, a host, perhaps a port, a path and a query, of at most 2048 characters of ASCII');
        end;
    end if;
    if 'types' = any (members) then
        if cardinality(request.types) not between 1 and 100 then
            perform remit.field_refuse('types', '1 to 100 types of events, or null for all');
        end if;
        begin
            perform request.types::remit_v1.event_type[]::remit.webhook_types;
        exception when check_violation or invalid_text_representation then
            perform remit.field_refuse('types', 'types of events, such as transfer.posted');
        end;
    end if;
    if 'description' = any (members) and length(request.description) not between 1 and 200 then
        perform remit.field_refuse('description', '1 to 200 characters');
    end if;
end;
$$;

comment on function remit.webhook_check(remit_v1.webhook_request, remit_v1.webhook_member[]) is
    'Raises WL001 for a URL, types or a description that a webhook cannot have.';
