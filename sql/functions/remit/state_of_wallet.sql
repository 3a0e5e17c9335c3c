create or replace function remit.state_of_wallet(told remit.wallets)
    returns jsonb
    language sql
    stable
    parallel safe
-- The data of a wallet's wallet.created. The labels are what the owner of the wallet wrote.
--
-- Raises: nothing. Locks: nothing.
return jsonb_build_object(
    'wallet_id', told.id, 'user_id', told.user_id, 'currency', told.currency, 'floor', told.floor,
    'created_at', remit.moment_text(told.created_at),
    'labels_sha256', encode(sha256(convert_to(
        jsonb_build_array(told.reference, told.metadata, encode(told.created_as, 'hex'))::text, 'UTF8')), 'hex'));

comment on function remit.state_of_wallet(remit.wallets) is
    'The data of a wallet''s event wallet.created.';
