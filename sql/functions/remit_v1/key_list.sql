create or replace function remit_v1.key_list(
    ledger_id bigint, after_created_at timestamptz, after_id uuid, request_limit integer, key_sha256 bytea default null)
    returns setof remit_v1.key_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- A page of a ledger's keys, oldest first, with those that were revoked or have expired: those
-- behind the key that was created at after_created_at and has the id after_id, or the first where
-- both are null.
--
-- Raises: WL001, WL009, WL016, WL017. Locks: nothing.
begin
    perform remit.caller_admit(key_list.ledger_id, key_list.key_sha256, 'administer');
    perform remit.ledger_check(key_list.ledger_id);
    if request_limit is null or request_limit not between 1 and 1000 then
        perform remit.field_refuse('request_limit', '1 to 1000');
    end if;

    return query
    select k.id, k.name, k.scope, k.user_id, k.created_at, k.expires_at, k.revoked_at
      from remit.keys k
     where k.ledger_id = key_list.ledger_id
       and (k.created_at, k.id) > (coalesce(after_created_at, '-infinity'), coalesce(after_id, '00000000-0000-0000-0000-000000000000'))
     order by k.created_at, k.id
     limit request_limit;
end;
$$;

comment on function remit_v1.key_list(bigint, timestamptz, uuid, integer, bytea) is
    'A page of a ledger''s keys, oldest first, behind the one created at after_created_at with the id after_id.';

grant execute on function remit_v1.key_list(bigint, timestamptz, uuid, integer, bytea) to remit_server, remit_operator;
