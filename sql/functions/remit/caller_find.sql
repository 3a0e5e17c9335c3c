create or replace function remit.caller_find(ledger_id bigint, key_sha256 bytea)
    returns remit_v1.caller
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
-- Who calls: the owner of a key, or, without a key, a session that is an operator's or the owner's
-- of Remit. The scope is null for anybody else.
--
-- It is volatile, as are all functions that ask it: a cursor or a statement that goes on for long
-- sees a key as it is at each call, and not as it was when the statement began.
--
-- Raises: 25000 in a transaction that does not see what is committed now. Locks: nothing.
declare
    caller remit_v1.caller;
begin
    if not remit.sees_now() then
        perform remit.isolation_refuse();
    end if;
    caller.ledger_id := caller_find.ledger_id;
    caller.key_sha256 := caller_find.key_sha256;
    if caller_find.key_sha256 is null then
        if remit.session_is_operators() then
            caller.scope := 'admin';
        end if;
    else
        select k.id, k.scope, k.user_id, k.expires_at
          into caller.key_id, caller.scope, caller.user_id, caller.expires_at
          from remit.valid_keys k
         where k.ledger_id = caller_find.ledger_id and k.sha256 = caller_find.key_sha256;
    end if;
    return caller;
end;
$$;

comment on function remit.caller_find(bigint, bytea) is
    'Who calls, by a key or by the session. The scope is null for a caller that is not known.';
