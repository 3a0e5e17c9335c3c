create or replace function remit_v1.user_get(ledger_id bigint, user_id uuid)
    returns remit_v1.user_result
    language plpgsql
    stable
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- One user.
--
-- Raises: WL003. Locks: nothing.
declare
    result remit_v1.user_result;
begin
    select u.id, u.name, u.email, u.reference, u.metadata, u.created_at, false
      into result
      from remit.users u
     where u.ledger_id = user_get.ledger_id and u.id = user_get.user_id;
    if not found then
        raise exception using
            errcode = 'WL003', message = 'user not found', column = 'user_id',
            detail  = jsonb_build_object('user_id', user_get.user_id)::text;
    end if;
    return result;
end;
$$;

comment on function remit_v1.user_get(bigint, uuid) is 'One user.';

grant execute on function remit_v1.user_get(bigint, uuid) to remit_server, remit_operator;
