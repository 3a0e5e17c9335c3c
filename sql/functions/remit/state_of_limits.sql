create or replace function remit.state_of_limits(told remit.wallets)
    returns jsonb
    language sql
    stable
    parallel safe
-- The data of a wallet's last wallet.limits_set. Minor units; null is no limit.
--
-- Raises: nothing. Locks: nothing.
return jsonb_build_object('wallet_id', told.id, 'transfer_max', told.transfer_max, 'daily_max', told.daily_max);

comment on function remit.state_of_limits(remit.wallets) is
    'The data of a wallet''s last event wallet.limits_set.';
