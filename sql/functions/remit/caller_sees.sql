create or replace function remit.caller_sees(caller_user_id uuid, user_id uuid)
    returns boolean
    language sql
    immutable
    parallel safe
-- Whether a caller sees what belongs to a user: the user, its wallets, and what its wallets did.
-- The one rule for it.
--
-- caller_user_id is the user that the caller's key is bound to. A caller that is bound to none sees
-- the whole ledger; to any other, only what is its own user's exists. An issuance wallet is no
-- user's.
--
-- Raises: nothing. Locks: nothing.
return caller_user_id is null or coalesce(caller_sees.user_id = caller_user_id, false);

comment on function remit.caller_sees(uuid, uuid) is
    'Whether a caller sees what belongs to a user.';
