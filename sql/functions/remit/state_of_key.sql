create or replace function remit.state_of_key(told remit.keys)
    returns jsonb
    language sql
    stable
    parallel safe
-- The data of a key's key.created. Who reads it cannot call with it: the fingerprint is the SHA-256
-- of what a caller passes, which is the SHA-256 of the key's text.
--
-- Raises: nothing. Locks: nothing.
return jsonb_build_object(
    'key_id', told.id, 'name', told.name, 'scope', told.scope, 'user_id', told.user_id,
    'created_at', remit.moment_text(told.created_at), 'expires_at', remit.moment_text(told.expires_at),
    'fingerprint', encode(sha256(told.sha256), 'hex'));

comment on function remit.state_of_key(remit.keys) is
    'The data of a key''s event key.created.';
