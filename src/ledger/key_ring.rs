//! Finds the caller of an API key: the ring holds the keys that this server knows to be valid.
//!
//! PostgreSQL decides which keys are valid, and every function decides again with the caller's key.
//! The ring spares the question: for a known key the server looks into memory. Every
//! `KEYS_REFRESH_MS` it asks PostgreSQL about all known keys, so that a key that was revoked or has
//! expired is soon refused on every server.
//!
//! While PostgreSQL does not answer, known keys last for `KEYS_STALE_MS_MAX`. So the server goes on
//! answering what Redis knows.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use crate::base::clock;
use crate::ledger::NoResult;
use crate::ledger::gather::{Batch, CALLS_MAX, Gather, Reply};
use crate::sql::contract;
use crate::sql::database::Database;
use crate::sql::failure::Failure;
use crate::types::{ApiKey, ApiKeyDigest, Caller};

/// How often all known keys are checked. A key dies on every server within 5 s.
const KEYS_REFRESH_MS: u64 = 2_000;
/// How long a known key lasts while PostgreSQL does not answer.
const KEYS_STALE_MS_MAX: u64 = 300_000;
/// How long an unused key is remembered.
const KEYS_UNUSED_MS_MAX: u64 = 600_000;
/// How many keys are remembered.
const KNOWN_KEYS_MAX: u64 = 65_536;
/// How many keys are checked in one call.
const KEYS_CHECK_MAX: usize = 1_000;

/// The connections that the ring needs: one for each call that looks up unknown keys, one for the
/// check. No other call uses them. So wrong keys do not hold up requests, and a crowd of requests
/// does not hold up the check.
pub const KEYS_CONNECTIONS: usize = CALLS_MAX + 1;

/// `keys_get`.
struct KeysGet {
    database: Arc<Database>,
    held: Arc<HeldKeys>,
}

impl Batch for KeysGet {
    type Request = ApiKey;
    type Answer = Result<Option<Arc<Caller>>, Failure>;

    fn wallets(_: &ApiKey) -> &[Uuid] {
        &[]
    }

    async fn call(&self, keys: Vec<ApiKey>) -> Vec<Reply<Self>> {
        let ledger_ids: Vec<i64> = keys.iter().map(|key| key.ledger_id).collect();
        let digests: Vec<ApiKeyDigest> = keys.iter().map(|key| key.digest).collect();
        let asked = self.held.ask(Instant::now());
        let found = contract::keys_get(&self.database, &ledger_ids, &digests).await;
        let found = found.map(|callers| callers.into_iter().map(Arc::new).collect::<Vec<_>>());
        if let Ok(callers) = &found {
            self.held.hold(callers, asked);
        }
        let by_digest = found.map(|callers| {
            let by_digest = callers
                .into_iter()
                .map(|caller| (caller.key_sha256, caller));
            by_digest.collect::<HashMap<_, _>>()
        });
        let answer = |digest| match &by_digest {
            Ok(callers) => Ok(callers.get(digest).cloned()),
            Err(failure) => Err(failure.clone()),
        };
        let answers = digests.iter().map(answer);
        answers.map(Reply::Done).collect()
    }
}

/// The keys that this server knows, and how it learns of others.
pub struct KeyRing {
    held: Arc<HeldKeys>,
    database: Arc<Database>,
    gather: Gather<KeysGet>,
}

impl KeyRing {
    /// An empty ring that asks through these connections.
    pub fn new(database: Arc<Database>) -> Self {
        let held = Arc::new(HeldKeys::new(Duration::from_millis(KEYS_UNUSED_MS_MAX)));
        let batch = KeysGet {
            database: Arc::clone(&database),
            held: Arc::clone(&held),
        };
        Self {
            held,
            database,
            gather: Gather::start(Arc::new(batch)),
        }
    }

    /// Whose key it is; none, if it is not a valid one.
    ///
    /// # Errors
    /// PostgreSQL did not say.
    pub async fn caller(&self, key: ApiKey) -> Result<Option<Arc<Caller>>, NoResult> {
        if let Some(caller) = self.held.get(&key.digest, Instant::now()) {
            return Ok(Some(caller));
        }
        Ok(self.gather.ask(key).await??)
    }

    /// Drops a key that PostgreSQL has refused.
    pub fn forget(&self, caller: &Caller) {
        self.held.forget(&caller.key_sha256);
    }

    /// Drops a key that was revoked.
    pub fn forget_revoked(&self, ledger_id: i64, key_id: Uuid) {
        self.held.forget_by_id(ledger_id, key_id);
    }

    /// Checks known keys, for as long as the process lives.
    pub async fn refresh(&self) {
        let mut ticks = tokio::time::interval(Duration::from_millis(KEYS_REFRESH_MS));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut was_checked = true;
        loop {
            ticks.tick().await;
            let checked = self.check().await;
            if let Err(failure) = &checked
                && was_checked
            {
                let cause = failure.cause();
                tracing::warn!(cause, "API keys cannot be checked: known ones last a while");
            }
            was_checked = checked.is_ok();
        }
    }

    async fn check(&self) -> Result<(), Failure> {
        let mut checked = Ok(());
        for keys in self.held.to_check().chunks(KEYS_CHECK_MAX) {
            let (ledger_ids, digests): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
            let asked = self.held.ask(Instant::now());
            match contract::keys_get(&self.database, &ledger_ids, &digests).await {
                Ok(valid) => self.held.confirm(&digests, &valid, asked),
                // The other chunks are checked all the same.
                Err(failure) => checked = Err(failure),
            }
        }
        checked
    }
}

/// Callers by the digests of their keys. An unused key is forgotten. When there are too many, the
/// least recently used one makes room.
struct HeldKeys {
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
struct Asked {
    at_ms: u64,
    drops: u64,
}

impl HeldKeys {
    /// No keys yet. A key that is not used for `unused_max` is forgotten.
    fn new(unused_max: Duration) -> Self {
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
    fn get(&self, digest: &ApiKeyDigest, now: Instant) -> Option<Arc<Caller>> {
        let held = self.held.get(digest)?;
        let confirmed_ms = held.confirmed_ms.load(Ordering::Relaxed);
        let is_stale = self.ms_at(now).saturating_sub(confirmed_ms) > KEYS_STALE_MS_MAX;
        let expires_at = held.caller.expires_at;
        let is_expired = expires_at.is_some_and(|end| end <= clock::now());
        (!is_stale && !is_expired).then(|| Arc::clone(&held.caller))
    }

    /// To be called before a question whose answer is given to `hold` or `confirm`.
    fn ask(&self, now: Instant) -> Asked {
        Asked {
            at_ms: self.ms_at(now),
            drops: self.drops.load(Ordering::SeqCst),
        }
    }

    /// Remembers valid keys. If any key was dropped since the question, it remembers none of them:
    /// the dropped key may be among them.
    fn hold(&self, callers: &[Arc<Caller>], asked: Asked) {
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
    fn forget(&self, digest: &ApiKeyDigest) {
        self.drops.fetch_add(1, Ordering::SeqCst);
        self.held.invalidate(digest);
    }

    /// Drops the key with this id.
    fn forget_by_id(&self, ledger_id: i64, key_id: Uuid) {
        self.drops.fetch_add(1, Ordering::SeqCst);
        for (digest, held) in &self.held {
            if (held.caller.ledger_id, held.caller.key_id) == (ledger_id, key_id) {
                self.held.invalidate(&*digest);
            }
        }
    }

    /// The ledgers and digests of all known keys. Looking at a key here does not count as use.
    fn to_check(&self) -> Vec<(i64, ApiKeyDigest)> {
        let held = self.held.iter();
        held.map(|(digest, held)| (held.caller.ledger_id, *digest))
            .collect()
    }

    /// Keeps those of the checked keys that are valid, and drops the others. A key that was dropped
    /// since the question stays dropped.
    fn confirm(&self, checked: &[ApiKeyDigest], valid: &[Caller], asked: Asked) {
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
mod tests;
