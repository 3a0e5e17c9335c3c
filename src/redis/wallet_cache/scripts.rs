//! What Redis does whole, between no two commands of others.

use std::sync::LazyLock;

use redis::Script;

/// KEYS: wallets, or one wallet and the epoch for a fill. ARGV: for each wallet version, balance, `status_version`,
/// status, `updated_at`, where an empty string is a part not given; for a fill also the TTL, the field of the lease, the
/// lease, and the epoch with what readers alone write.
///
/// A writer leaves a wallet alone that is not there: no reader has a lease on it, and the next one will ask PostgreSQL.
/// With a lease there is always a version.
pub(super) static MERGE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local wallets, is_fill = #KEYS, #ARGV % 5 > 0
        if is_fill then
            local lease_field, lease, filled = unpack(ARGV, 7, 9)
            local epoch = redis.call('GET', KEYS[2])
            wallets = 1
            -- Whoever comes too late writes through like others: his reader is not to see anything older next time.
            is_fill = epoch and filled:find(epoch .. ' ', 1, true) == 1
                and redis.call('HMGET', KEYS[1], lease_field)[1] == lease
        end
        for i = 1, wallets do
            local key = KEYS[i]
            local version, balance, status_version, status, updated_at = unpack(ARGV, 5 * i - 4, 5 * i)
            local old = redis.call('HMGET', key, 'version', 'status_version', 'updated_at')
            if old[1] then
                local new = {}
                local function set(field, value)
                    new[#new + 1] = field
                    new[#new + 1] = value
                end
                if version ~= '' and tonumber(version) > tonumber(old[1] or -1) then
                    set('version', version)
                    set('balance', balance)
                end
                if status_version ~= '' and tonumber(status_version) > tonumber(old[2] or -1) then
                    set('status_version', status_version)
                    set('status', status)
                end
                if tonumber(updated_at) > tonumber(old[3] or -1) then
                    set('updated_at', updated_at)
                end
                if #new > 0 then redis.call('HSET', key, unpack(new)) end
            end
        end
        if is_fill then
            local ttl, lease_field, lease, filled = unpack(ARGV, 6, 9)
            redis.call('HSET', KEYS[1], 'filled', filled)
            redis.call('HDEL', KEYS[1], lease_field)
            redis.call('PEXPIRE', KEYS[1], ttl)
        end
        ",
    )
});

/// Removes a lease, unless another has taken its place.
pub(super) static RELEASE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('HMGET', KEYS[1], ARGV[1])[1] == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end",
    )
});
