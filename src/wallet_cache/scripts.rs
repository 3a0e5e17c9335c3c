//! What Redis does whole, between no two commands of others.

use std::sync::LazyLock;

use redis::Script;

/// KEYS: wallets, and after those of a fill the epoch. ARGV: the TTL, the epoch of a fill, then for each wallet
/// version, balance, `status_version`, status, `updated_at`, the field of the lease, lease, fixed, held; an empty
/// string is a part not given.
pub(super) static MERGE: LazyLock<Script> = LazyLock::new(|| {
    #[cfg(feature = "planted")]
    if crate::environment::is_planted("cache_any_version") {
        let newer = "tonumber(version) > tonumber(old[1] or -1)";
        return Script::new(&MERGE_TEXT.replace(newer, "true"));
    }
    Script::new(MERGE_TEXT)
});

const MERGE_TEXT: &str = r"
        local epoch, wallets = ARGV[2], #KEYS
        if epoch ~= '' then
            if redis.call('GET', KEYS[wallets]) ~= epoch then return end
            wallets = wallets - 1
        end
        for i = 1, wallets do
            local key, a = KEYS[i], 9 * (i - 1) + 2
            local version, balance, status_version, status, updated_at, lease_field, lease, fixed, held =
                unpack(ARGV, a + 1, a + 9)
            local old = redis.call('HMGET', key, 'version', 'status_version', 'updated_at', lease_field)
            if lease == '' or lease == old[4] then
                if version ~= '' and tonumber(version) > tonumber(old[1] or -1) then
                    redis.call('HSET', key, 'version', version, 'balance', balance)
                end
                if status_version ~= '' and tonumber(status_version) > tonumber(old[2] or -1) then
                    redis.call('HSET', key, 'status_version', status_version, 'status', status)
                end
                if tonumber(updated_at) > tonumber(old[3] or -1) then
                    redis.call('HSET', key, 'updated_at', updated_at)
                end
                if fixed ~= '' then
                    redis.call('HSET', key, 'fixed', fixed, 'held', held, 'epoch', epoch)
                    redis.call('HDEL', key, lease_field)
                    redis.call('PEXPIRE', key, ARGV[1])
                else
                    redis.call('PEXPIRE', key, ARGV[1], 'NX')
                end
            end
        end
        ";

/// Removes a lease, unless another has taken its place.
pub(super) static RELEASE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('HMGET', KEYS[1], ARGV[1])[1] == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end",
    )
});
