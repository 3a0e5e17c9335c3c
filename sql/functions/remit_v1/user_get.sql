create or replace function remit_v1.user_get(ledger_id bigint, user_id uuid, key_sha256 bytea default null)
    returns remit_v1.user_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- One user, if the caller sees it (caller_sees).
--
-- Raises: WL003, WL016. Locks: nothing.
declare
    caller constant remit_v1.caller := remit.caller_admit(user_get.ledger_id, user_get.key_sha256, 'read');
    result remit_v1.user_result;
begin
    select u.id, u.name, u.email, u.reference, u.metadata, u.created_at, false
      into result
      from remit.users u
     where u.ledger_id = user_get.ledger_id and u.id = user_get.user_id
       and remit.caller_sees(caller.user_id, u.id);
    if not found then
        raise exception using
            errcode = 'WL003', message = 'user not found', column = 'user_id',
            detail  = jsonb_build_object('user_id', user_get.user_id)::text;
    end if;
    return result;
end;
$$;

comment on function remit_v1.user_get(bigint, uuid, bytea) is 'One user.';

grant execute on function remit_v1.user_get(bigint, uuid, bytea) to remit_server, remit_operator;
