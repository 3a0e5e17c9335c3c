create or replace function remit.wallet_request_sha256(request remit_v1.wallet_request)
    returns bytea
    language sql
    immutable
    parallel safe
-- The digest of what a wallet is created with. The request's own id and request_id are no content.
-- An attribute that is added later joins it only where it is not null: so older creations keep
-- their digest.
--
-- Raises: nothing. Locks: nothing.
return remit.content_sha256(jsonb_build_array(
    request.user_id, request.currency, coalesce(request.initial_balance, 0), request.floor, request.reference,
    coalesce(request.metadata, '{}'::jsonb)));

comment on function remit.wallet_request_sha256(remit_v1.wallet_request) is
    'The digest of what a wallet is created with.';
