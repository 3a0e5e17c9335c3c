//! The keys that a server knows to be valid.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use super::{KEYS_STALE_MS_MAX, KEYS_UNUSED_MS_MAX, KNOWN_KEYS_MAX};
use crate::contract::{Caller, KeyDigest};

/// How many keys are looked at for the one that makes room: the least lately used of them.
const EVICTION_SAMPLE: usize = 8;

/// Callers by the digests of their keys.
pub(super) struct HeldKeys {
    start: Instant,
    keys: RwLock<Keys>,
}

#[derive(Default)]
struct Keys {
    held: HashMap<KeyDigest, Held>,
    /// How many keys were dropped. What was asked before a drop may not know of it.
    drops: u64,
}

struct Held {
    caller: Arc<Caller>,
    /// When PostgreSQL was asked and said that the key is valid.
    confirmed_at: Instant,
    /// Milliseconds since `start`.
    used_ms: AtomicU64,
}

/// A moment before a question to PostgreSQL.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    at: Instant,
    drops: u64,
}

impl Default for HeldKeys {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            keys: RwLock::default(),
        }
    }
}

impl HeldKeys {
    /// The caller with this key, if it is known, was confirmed not too long ago, and has not expired.
    pub(super) fn get(&self, digest: &KeyDigest, now: Instant) -> Option<Arc<Caller>> {
        let keys = self.read();
        let held = keys.held.get(digest)?;
        let is_stale = now.saturating_duration_since(held.confirmed_at)
            > Duration::from_millis(KEYS_STALE_MS_MAX);
        let is_expired = held
            .caller
            .expires_at
            .is_some_and(|end| end <= OffsetDateTime::now_utc());
        if is_stale || is_expired {
            return None;
        }
        held.used_ms.store(self.ms_at(now), Ordering::Relaxed);
        Some(Arc::clone(&held.caller))
    }

    /// To be called before a question whose answer is given to `hold` or `confirm`.
    pub(super) fn ask(&self, now: Instant) -> Asked {
        Asked {
            at: now,
            drops: self.read().drops,
        }
    }

    /// Remembers valid keys, unless one was dropped since they were asked for: it may be one of them.
    pub(super) fn hold(&self, callers: &[Arc<Caller>], asked: Asked) {
        if callers.is_empty() {
            return;
        }
        let mut keys = self.write();
        if keys.drops != asked.drops {
            return;
        }
        for caller in callers {
            while keys.held.len() >= KNOWN_KEYS_MAX && !keys.held.contains_key(&caller.key_sha256) {
                keys.evict();
            }
            let held = Held {
                caller: Arc::clone(caller),
                confirmed_at: asked.at,
                used_ms: AtomicU64::new(self.ms_at(asked.at)),
            };
            keys.held.insert(caller.key_sha256, held);
        }
    }

    /// Drops a key.
    pub(super) fn forget(&self, digest: &KeyDigest) {
        let mut keys = self.write();
        keys.held.remove(digest);
        keys.drops += 1;
    }

    /// Drops the key with this id.
    pub(super) fn forget_by_id(&self, ledger_id: i64, key_id: uuid::Uuid) {
        let mut keys = self.write();
        keys.held
            .retain(|_, held| (held.caller.ledger_id, held.caller.key_id) != (ledger_id, key_id));
        keys.drops += 1;
    }

    /// Forgets keys that nobody uses, and gives the ledgers and digests of all others.
    pub(super) fn to_check(&self, now: Instant) -> Vec<(i64, KeyDigest)> {
        let oldest_ms = self.ms_at(now).saturating_sub(KEYS_UNUSED_MS_MAX);
        let mut keys = self.write();
        keys.held
            .retain(|_, held| held.used_ms.load(Ordering::Relaxed) >= oldest_ms);
        let callers = keys.held.values().map(|held| &held.caller);
        callers
            .map(|caller| (caller.ledger_id, caller.key_sha256))
            .collect()
    }

    /// Keeps those of the checked keys that are valid, and drops the others.
    pub(super) fn confirm(&self, checked: &[KeyDigest], valid: Vec<Caller>, asked: Asked) {
        let valid_keys: HashSet<KeyDigest> = valid.iter().map(|caller| caller.key_sha256).collect();
        let mut keys = self.write();
        for caller in valid {
            // Not one that was dropped or forgotten meanwhile.
            if let Some(held) = keys.held.get_mut(&caller.key_sha256) {
                held.confirmed_at = held.confirmed_at.max(asked.at);
                held.caller = Arc::new(caller);
            }
        }
        for digest in checked {
            // One that was learnt again since was asked for later.
            let is_older = |held: &Held| held.confirmed_at <= asked.at;
            if !valid_keys.contains(digest) && keys.held.get(digest).is_some_and(is_older) {
                keys.held.remove(digest);
                keys.drops += 1;
            }
        }
    }

    fn ms_at(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.start).as_millis();
        u64::try_from(since).unwrap_or(u64::MAX)
    }

    fn read(&self) -> RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Keys> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keys {
    /// Makes room for one key.
    fn evict(&mut self) {
        let sample = self.held.iter().take(EVICTION_SAMPLE);
        let oldest = sample.min_by_key(|(_, held)| held.used_ms.load(Ordering::Relaxed));
        if let Some(digest) = oldest.map(|(digest, _)| *digest) {
            self.held.remove(&digest);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::contract::KeyScope;

    fn caller(number: u64) -> Arc<Caller> {
        Arc::new(Caller {
            ledger_id: 1,
            key_sha256: KeyDigest::of(&number.to_string()),
            key_id: Uuid::from_u128(number.into()),
            scope: KeyScope::Reader,
            user_id: None,
            expires_at: None,
        })
    }

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_known_key_lasts_while_it_is_confirmed() {
        let (keys, key, start) = (HeldKeys::default(), caller(1), Instant::now());
        let digest = &key.key_sha256;
        keys.hold(&[Arc::clone(&key)], keys.ask(start));
        let late = start + ms(KEYS_STALE_MS_MAX);
        assert!(keys.get(digest, late).is_some());
        assert!(keys.get(digest, late + ms(1)).is_none());
        keys.confirm(&[*digest], vec![(*key).clone()], keys.ask(late));
        assert!(keys.get(digest, late + ms(1)).is_some());
        keys.confirm(&[*digest], Vec::new(), keys.ask(late));
        assert!(keys.get(digest, late).is_none());
    }

    #[test]
    fn an_expired_key_is_not_known() {
        let (keys, now) = (HeldKeys::default(), Instant::now());
        for (number, seconds, is_known) in [(1, -1, false), (2, 60, true)] {
            let mut expiring = (*caller(number)).clone();
            let span = time::Duration::seconds(seconds);
            expiring.expires_at = Some(OffsetDateTime::now_utc() + span);
            keys.hold(&[Arc::new(expiring)], keys.ask(now));
            let known = keys.get(&caller(number).key_sha256, now);
            assert_eq!(known.is_some(), is_known);
        }
    }

    #[test]
    fn an_answer_from_before_a_drop_brings_nothing_back() {
        let (keys, key, now) = (HeldKeys::default(), caller(1), Instant::now());
        let digest = &key.key_sha256;
        let asked = keys.ask(now);
        keys.forget_by_id(1, key.key_id);
        keys.hold(&[Arc::clone(&key)], asked);
        assert!(keys.get(digest, now).is_none());
        keys.hold(&[Arc::clone(&key)], keys.ask(now));
        let asked = keys.ask(now);
        keys.forget(digest);
        keys.confirm(&[*digest], vec![(*key).clone()], asked);
        assert!(keys.get(digest, now).is_none());
    }

    #[test]
    fn an_unused_key_is_forgotten() {
        let (keys, start) = (HeldKeys::default(), Instant::now());
        let (used, unused) = (caller(1), caller(2));
        keys.hold(&[Arc::clone(&used), Arc::clone(&unused)], keys.ask(start));
        let late = start + ms(KEYS_UNUSED_MS_MAX);
        keys.confirm(&[used.key_sha256], vec![(*used).clone()], keys.ask(late));
        assert!(keys.get(&used.key_sha256, late).is_some());
        let checked = keys.to_check(late + ms(100));
        assert_eq!(checked, [(1, used.key_sha256)]);
    }

    #[test]
    fn there_is_room_for_so_many_keys_and_no_more() {
        let (keys, start) = (HeldKeys::default(), Instant::now());
        for number in 0..=KNOWN_KEYS_MAX as u64 {
            let at = start + ms(number);
            keys.hold(&[caller(number)], keys.ask(at));
        }
        let newest = caller(KNOWN_KEYS_MAX as u64);
        assert!(keys.get(&newest.key_sha256, start).is_some());
        assert_eq!(keys.read().held.len(), KNOWN_KEYS_MAX);
    }
}
