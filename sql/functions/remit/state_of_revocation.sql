create or replace function remit.state_of_revocation(told remit.keys)
    returns jsonb
    language sql
    stable
    parallel safe
-- The data of a key's key.revoked.
--
-- Raises: nothing. Locks: nothing.
return jsonb_build_object('key_id', told.id, 'revoked_at', remit.moment_text(told.revoked_at));

comment on function remit.state_of_revocation(remit.keys) is
    'The data of a key''s event key.revoked.';
