//! What Redis does whole, between no two commands of others.

use std::sync::LazyLock;

use redis::Script;

/// The function `merge(key, i)`, which writes to a wallet what is newer of it: the arguments from
/// the i-th on are version, balance, held, `held_until`, `status_version`, status, `updated_at`,
/// where an empty version is a part not given.
///
/// At one version, what is held changes only as holds end. So the later `held_until` is the newer
/// one, and an empty one, when nothing more ends, is the latest.
///
/// A wallet that is not there is left alone: no reader has a lease on it, and the next one will ask
/// PostgreSQL. With a lease there is always a version.
const MERGE_TEXT: &str = r"
        local function merge(key, i)
            local version, balance, held, held_until, status_version, status, updated_at = unpack(ARGV, i, i + 6)
            local old = redis.call('HMGET', key, 'version', 'status_version', 'updated_at', 'held_until')
            if not old[1] then return end
            local new = {}
            local function set(field, value)
                new[#new + 1] = field
                new[#new + 1] = value
            end
            local function is_later(until_new, until_old)
                return until_old and until_old ~= ''
                    and (until_new == '' or tonumber(until_new) > tonumber(until_old))
            end
            local ahead = version ~= '' and tonumber(version) - tonumber(old[1] or -1)
            if ahead and (ahead > 0 or ahead == 0 and is_later(held_until, old[4])) then
                set('version', version)
                set('balance', balance)
                set('held', held)
                set('held_until', held_until)
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
        ";

fn with_merge(text: &str) -> Script {
    Script::new(&format!("{MERGE_TEXT}{text}"))
}

/// KEYS: wallets. ARGV: for each what `merge` takes.
pub(super) static MERGE: LazyLock<Script> =
    LazyLock::new(|| with_merge("for i = 1, #KEYS do merge(KEYS[i], 7 * i - 6) end"));

/// KEYS: a wallet. ARGV: what `merge` takes, the TTL, the field of the lease, the lease, what
/// readers alone write. A reader whose lease is gone only merges, as a writer does: its client is
/// not to see anything older next time.
pub(super) static FILL: LazyLock<Script> = LazyLock::new(|| {
    with_merge(
        r"
        local ttl, lease_field, lease, filled = unpack(ARGV, 8, 11)
        merge(KEYS[1], 1)
        if redis.call('HMGET', KEYS[1], lease_field)[1] == lease then
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
