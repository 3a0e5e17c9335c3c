create or replace function remit_v1.key_revoke(
    ledger_id bigint, key_id uuid, reason text default null, key_sha256 bytea default null)
    returns remit_v1.key_result
    language plpgsql
    volatile
    security definer
    set search_path = pg_catalog, pg_temp
as $$
-- Ends a key for good. From then on no function accepts it. Twice is as good as once.
--
-- Raises: WL001, WL016, WL017, WL018. Locks: the key.
declare
    caller constant remit_v1.caller := remit.caller_admit(key_revoke.ledger_id, key_revoke.key_sha256, 'administer');
    was_revoked boolean;
    revoked remit.keys;
begin
    perform remit.reason_check(key_revoke.reason);
    select k.revoked_at is not null into was_revoked
      from remit.keys k
     where k.ledger_id = key_revoke.ledger_id and k.id = key_revoke.key_id
       for no key update;
    update remit.keys k
       set revoked_at = coalesce(k.revoked_at, clock_timestamp())
     where k.ledger_id = key_revoke.ledger_id and k.id = key_revoke.key_id
    returning k.* into revoked;
    if not found then
        raise exception using
            errcode = 'WL018', message = 'key not found', column = 'key_id',
            detail  = jsonb_build_object('key_id', key_revoke.key_id)::text;
    end if;
    if revoked.id <> caller.key_id then
        -- Again: it may have waited, and been revoked meanwhile.
        perform remit.caller_admit(key_revoke.ledger_id, key_revoke.key_sha256, 'administer');
    end if;
    if not was_revoked then
        perform remit.event_record(
            revoked.ledger_id, 'key.revoked', revoked.id, remit.state_of_revocation(revoked), revoked.revoked_at);
    end if;
    perform remit.audit_record(
        key_revoke.ledger_id, 'key_revoke', array[revoked.id], key_revoke.reason, null, caller.key_id);
    return (revoked.id, revoked.name, revoked.scope, revoked.user_id, revoked.created_at, revoked.expires_at,
            revoked.revoked_at)::remit_v1.key_result;
end;
$$;

comment on function remit_v1.key_revoke(bigint, uuid, text, bytea) is
    'Ends a key for good.';

grant execute on function remit_v1.key_revoke(bigint, uuid, text, bytea) to remit_server, remit_operator;
