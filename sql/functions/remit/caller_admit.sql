create or replace function remit.caller_admit(ledger_id bigint, key_sha256 bytea, permission remit.permission)
    returns remit_v1.caller
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Who calls, if it may.
--
-- Raises: 25000 in a transaction that does not see what is committed now; WL016 for a key that is
-- not valid in this ledger, or a session that needs one; WL017 for a scope that lacks the
-- permission. Locks: nothing.
declare
    caller constant remit_v1.caller := remit.caller_find(caller_admit.ledger_id, caller_admit.key_sha256);
begin
    if caller.scope is null then
        raise exception using
            errcode = 'WL016', message = 'unauthenticated',
            hint    = 'Pass the SHA-256 of a valid key of this ledger, or log in as a member of remit_operator.';
    end if;
    if not remit.scope_permits(caller.scope, caller_admit.permission) then
        raise exception using errcode = 'WL017', message = 'forbidden';
    end if;
    return caller;
end;
$$;

comment on function remit.caller_admit(bigint, bytea, remit.permission) is
    'Who calls, if it may: else WL016 or WL017.';
