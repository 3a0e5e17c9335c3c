create or replace function remit.state_of_status(told remit.wallets)
    returns jsonb
    language sql
    stable
    parallel safe
-- The data of a wallet's last wallet.frozen or wallet.unfrozen.
--
-- Raises: nothing. Locks: nothing.
return jsonb_build_object('wallet_id', told.id, 'status', told.status, 'status_version', told.status_version);

comment on function remit.state_of_status(remit.wallets) is
    'The data of a wallet''s last event wallet.frozen or wallet.unfrozen.';
