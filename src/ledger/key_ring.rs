//! Finds the caller of an API key: the ring holds the keys that this server knows to be valid.
//!
//! PostgreSQL decides which keys are valid, and every function decides again with the caller's key.
//! The ring spares the question: for a known key the server looks into memory. Every
//! `KEYS_REFRESH_MS` it asks PostgreSQL about all known keys, so that a key that was revoked or has
//! expired is soon refused on every server.
//!
//! While PostgreSQL does not answer, known keys last for `KEYS_STALE_MS_MAX`. So the server goes on
//! answering what Redis knows.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use crate::ledger::NoResult;
use crate::ledger::gather::{Batch, CALLS_MAX, Gather, Reply};
use crate::sql::contract;
use crate::sql::database::Database;
use crate::sql::failure::Failure;
use crate::types::{ApiKey, ApiKeyDigest, Caller};

mod held;

use held::HeldKeys;

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
