//! The API keys that a server knows to be valid.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use uuid::Uuid;

use super::{KEYS_STALE_MS_MAX, KNOWN_KEYS_MAX};
use crate::base::clock;
use crate::types::{ApiKeyDigest, Caller};

/// Callers by the digests of their keys. An unused key is forgotten. When there are too many, the
/// least recently used one makes room.
pub(super) struct HeldKeys {
    start: Instant,
    held: Cache<ApiKeyDigest, Arc<Held>>,
    /// How many keys were dropped. An answer to a question from before a drop may not know of it.
    drops: AtomicU64,
}

struct Held {
    caller: Arc<Caller>,
    /// When the question was asked to which PostgreSQL said that the key is valid, in milliseconds
    /// since `start`.
    confirmed_ms: AtomicU64,
}

/// A moment before a question to PostgreSQL.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    at_ms: u64,
    drops: u64,
}

impl HeldKeys {
    /// No keys yet. A key that is not used for `unused_max` is forgotten.
    pub(super) fn new(unused_max: Duration) -> Self {
        Self {
            start: Instant::now(),
            held: Cache::builder()
                .max_capacity(KNOWN_KEYS_MAX)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_idle(unused_max)
                .build(),
            drops: AtomicU64::new(0),
        }
    }

    /// The caller with this key, if the key is known, was confirmed within `KEYS_STALE_MS_MAX`, and
    /// has not expired.
    pub(super) fn get(&self, digest: &ApiKeyDigest, now: Instant) -> Option<Arc<Caller>> {
        let held = self.held.get(digest)?;
        let confirmed_ms = held.confirmed_ms.load(Ordering::Relaxed);
        let is_stale = self.ms_at(now).saturating_sub(confirmed_ms) > KEYS_STALE_MS_MAX;
        let expires_at = held.caller.expires_at;
        let is_expired = expires_at.is_some_and(|end| end <= clock::now());
        (!is_stale && !is_expired).then(|| Arc::clone(&held.caller))
    }

    /// To be called before a question whose answer is given to `hold` or `confirm`.
    pub(super) fn ask(&self, now: Instant) -> Asked {
        Asked {
            at_ms: self.ms_at(now),
            drops: self.drops.load(Ordering::SeqCst),
        }
    }

    /// Remembers valid keys. If any key was dropped since the question, it remembers none of them:
    /// the dropped key may be among them.
    pub(super) fn hold(&self, callers: &[Arc<Caller>], asked: Asked) {
        for caller in callers {
            let held = Held {
                caller: Arc::clone(caller),
                confirmed_ms: AtomicU64::new(asked.at_ms),
            };
            self.held.insert(caller.key_sha256, Arc::new(held));
            // A drop before the insertion is seen here. A drop after it finds the inserted key.
            if self.drops.load(Ordering::SeqCst) != asked.drops {
                self.held.invalidate(&caller.key_sha256);
            }
        }
    }

    /// Drops a key.
    pub(super) fn forget(&self, digest: &ApiKeyDigest) {
        self.drops.fetch_add(1, Ordering::SeqCst);
        self.held.invalidate(digest);
    }

    /// Drops the key with this id.
    pub(super) fn forget_by_id(&self, ledger_id: i64, key_id: Uuid) {
        self.drops.fetch_add(1, Ordering::SeqCst);
        for (digest, held) in &self.held {
            if (held.caller.ledger_id, held.caller.key_id) == (ledger_id, key_id) {
                self.held.invalidate(&*digest);
            }
        }
    }

    /// The ledgers and digests of all known keys. Looking at a key here does not count as use.
    pub(super) fn to_check(&self) -> Vec<(i64, ApiKeyDigest)> {
        let held = self.held.iter();
        held.map(|(digest, held)| (held.caller.ledger_id, *digest))
            .collect()
    }

    /// Keeps those of the checked keys that are valid, and drops the others. A key that was dropped
    /// since the question stays dropped.
    pub(super) fn confirm(&self, checked: &[ApiKeyDigest], valid: &[Caller], asked: Asked) {
        let checked: HashSet<&ApiKeyDigest> = checked.iter().collect();
        let valid: HashSet<&ApiKeyDigest> = valid.iter().map(|caller| &caller.key_sha256).collect();
        for (digest, held) in &self.held {
            if valid.contains(&*digest) {
                held.confirmed_ms.fetch_max(asked.at_ms, Ordering::Relaxed);
            } else if checked.contains(&*digest)
                // Unless a later question has confirmed the key.
                && held.confirmed_ms.load(Ordering::Relaxed) <= asked.at_ms
            {
                self.forget(&digest);
            }
        }
    }

    fn ms_at(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.start).as_millis();
        u64::try_from(since).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::types::KeyScope;

    fn caller(number: u64) -> Arc<Caller> {
        Arc::new(Caller {
            ledger_id: 1,
            key_sha256: ApiKeyDigest::of(&number.to_string()),
            key_id: Uuid::from_u128(number.into()),
            scope: KeyScope::Reader,
            user_id: None,
            expires_at: None,
        })
    }

    fn keys() -> HeldKeys {
        HeldKeys::new(ms(600_000))
    }

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_known_key_lasts_while_it_is_confirmed() {
        let (keys, key, start) = (keys(), caller(1), Instant::now());
        let digest = &key.key_sha256;
        keys.hold(&[Arc::clone(&key)], keys.ask(start));
        let late = start + ms(KEYS_STALE_MS_MAX);
        assert!(keys.get(digest, late).is_some());
        assert!(keys.get(digest, late + ms(1)).is_none());
        keys.confirm(&[*digest], &[(*key).clone()], keys.ask(late));
        assert!(keys.get(digest, late + ms(1)).is_some());
        keys.confirm(&[*digest], &[], keys.ask(late));
        assert!(keys.get(digest, late).is_none());
    }

    #[test]
    fn an_expired_key_is_not_known() {
        let (keys, now) = (keys(), Instant::now());
        for (number, seconds, is_known) in [(1, -1, false), (2, 60, true)] {
            let mut expiring = (*caller(number)).clone();
            let span = time::Duration::seconds(seconds);
            expiring.expires_at = Some(clock::now() + span);
            keys.hold(&[Arc::new(expiring)], keys.ask(now));
            let known = keys.get(&caller(number).key_sha256, now);
            assert_eq!(known.is_some(), is_known);
        }
    }

    #[test]
    fn an_answer_from_before_a_drop_brings_nothing_back() {
        let (keys, key, now) = (keys(), caller(1), Instant::now());
        let digest = &key.key_sha256;
        let asked = keys.ask(now);
        keys.forget_by_id(1, key.key_id);
        keys.hold(&[Arc::clone(&key)], asked);
        assert!(keys.get(digest, now).is_none());
        keys.hold(&[Arc::clone(&key)], keys.ask(now));
        let asked = keys.ask(now);
        keys.forget(digest);
        keys.confirm(&[*digest], &[(*key).clone()], asked);
        assert!(keys.get(digest, now).is_none());
    }

    #[test]
    fn an_unused_key_is_forgotten() {
        let (keys, now) = (HeldKeys::new(ms(100)), Instant::now());
        let (used, unused) = (caller(1), caller(2));
        keys.hold(&[Arc::clone(&used), Arc::clone(&unused)], keys.ask(now));
        let deadline = now + ms(10_000);
        while keys.to_check().len() == 2 {
            assert!(Instant::now() < deadline, "both stay");
            assert!(keys.get(&used.key_sha256, now).is_some());
            std::thread::yield_now();
        }
        assert_eq!(keys.to_check(), [(1, used.key_sha256)]);
    }

    #[test]
    fn there_is_room_for_so_many_keys_and_no_more() {
        let (keys, now) = (keys(), Instant::now());
        for number in 0..2 * KNOWN_KEYS_MAX {
            keys.hold(&[caller(number)], keys.ask(now));
        }
        keys.held.run_pending_tasks();
        assert_eq!(keys.held.entry_count(), KNOWN_KEYS_MAX);
        let newest = caller(2 * KNOWN_KEYS_MAX - 1);
        assert!(keys.get(&newest.key_sha256, now).is_some());
    }
}
