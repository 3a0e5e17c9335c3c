create or replace function remit_v1.leg_id(group_id uuid, place integer)
    returns uuid
    language plpgsql
    immutable
    strict
    parallel safe
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- The id of a group's leg: the group's one key protects them all, and names each.
--
-- Raises: nothing. Locks: nothing.
begin
    return remit.uuid_v8(sha256(convert_to(chr(1) || 'leg ' || place || ' of group ' || group_id, 'UTF8')));
end;
$$;

comment on function remit_v1.leg_id(uuid, integer) is 'The id of a group''s leg.';

grant execute on function remit_v1.leg_id(uuid, integer) to remit_server, remit_operator;
