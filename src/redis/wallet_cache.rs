//! The wallet cache in Redis: one hash per wallet, merged by version, with keys of its generation.
//! Which generation may be read, when and where, is in `knowledge.rs`.
//!
//! A wallet's `version` counts its entries and its `status_version` its changes of status. Each
//! writer stores only what is newer, by a script that Redis runs whole, so order and repetition of
//! writes do not matter and a slow writer can never put an old balance over a new one.
//!
//! What never changes (currency, floor, …) is stored by readers only. A reader first leaves a
//! lease; its fill counts only while the lease is there, so a FLUSHALL between its query and its
//! fill cannot bring an old wallet back. A reader that is bound to a user has leases of that
//! user's: he can ask for any id, and must not take the place of a reader who will find something.
//!
//! Whose a wallet is never comes from Redis: a process remembers it from PostgreSQL.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use moka::sync::Cache;
use time::OffsetDateTime;
use tokio::time::sleep_until;
use uuid::Uuid;

use crate::redis::connection::Redis;
use crate::redis::knowledge::{FRESH_MS, Knowledge, Known};
use crate::types::{CacheState, WalletResult};

mod change;
mod keeping;
mod reading;
mod scripts;

pub use change::{EntryChange, WalletChange};
pub use reading::Lease;
use scripts::MERGE;

/// How often a writer asks for the generation before it gives up.
const QUESTIONS_MAX: usize = 3;
/// Of how many wallets a process remembers whose they are.
const OWNERS_MAX: u64 = 200_000;

/// A wallet's ledger and id.
pub type WalletRef = (i64, Uuid);

/// What PostgreSQL gave as an answer about the generation, or why it gave none.
pub type Asked<'a> = BoxFuture<'a, Result<CacheState, String>>;

/// The row of the generation, where it is.
pub trait GenerationRow: Send + Sync {
    /// Reads it.
    fn state(&self) -> Asked<'_>;

    /// Closes the generation that is open.
    fn close(&self) -> Asked<'_>;
}

/// A write cannot be told: others may still read what was there before, and PostgreSQL could not be
/// asked to end that.
#[derive(Debug)]
pub struct NotTold(pub String);

/// The cache, as one process sees it.
pub struct WalletCache {
    redis: Arc<Redis>,
    knowledge: Arc<Knowledge>,
    row: Box<dyn GenerationRow>,
    /// Whose the wallets are. None: nobody's, which is a wallet of issuance.
    owners: Cache<WalletRef, Option<Uuid>>,
    ttl: Duration,
}

impl WalletCache {
    /// A cache in this Redis, whose entries live that long.
    pub fn new(
        redis: Arc<Redis>,
        knowledge: Arc<Knowledge>,
        row: impl GenerationRow + 'static,
        ttl: Duration,
    ) -> Self {
        Self {
            redis,
            knowledge,
            row: Box::new(row),
            owners: Cache::new(OWNERS_MAX),
            ttl,
        }
    }

    /// Asks for the generation.
    ///
    /// # Errors
    /// PostgreSQL did not say.
    pub async fn learn(&self) -> Result<(), String> {
        let asked_at = Instant::now();
        self.knowledge.hear(self.row.state().await?, asked_at);
        Ok(())
    }

    /// Writes changes through, each wallet's newest. When this is done, no process shows anything
    /// older: Redis has them, or nobody reads what it has.
    ///
    /// # Errors
    /// The changes must not be told.
    pub async fn write(
        &self,
        changes: impl IntoIterator<Item = (WalletRef, WalletChange)>,
    ) -> Result<(), NotTold> {
        let mut newest: HashMap<WalletRef, WalletChange> = HashMap::new();
        for (wallet, change) in changes {
            newest.entry(wallet).or_default().merge(change);
        }
        if newest.is_empty() {
            return Ok(());
        }
        let mut known = self.known().await?;
        if !self.counts(&known, &newest).await {
            tracing::warn!("a write to the cache was lost: closing its generation");
            known = self.close().await?;
        }
        sleep_until(known.tells_from.into()).await;
        Ok(())
    }

    /// Writes through, beside all that follows, what a reader has found past an open generation:
    /// its client is not to see the wallet go back.
    pub fn seen(self: &Arc<Self>, wallet: WalletRef, found: &WalletResult) {
        let known = self.knowledge.fresh(Instant::now());
        if known.is_some_and(|known| known.redis_id.is_some()) {
            let (cache, change) = (Arc::clone(self), WalletChange::of(found));
            tokio::spawn(async move { cache.write([(wallet, change)]).await });
        }
    }

    /// The same for a process that asks for nothing in between: first it learns which generation
    /// there is, and which Redis. What it has learnt not long ago will do.
    ///
    /// # Errors
    /// As `write`.
    pub async fn write_anew(
        &self,
        changes: impl IntoIterator<Item = (WalletRef, WalletChange)>,
    ) -> Result<(), NotTold> {
        let mut changes = changes.into_iter().peekable();
        if changes.peek().is_none() {
            return Ok(());
        }
        let soon = Instant::now() + Duration::from_millis(FRESH_MS / 3);
        if self.knowledge.fresh(soon).is_none() {
            // Of a Redis that does not say who it is the link knows nothing, and the write is lost.
            let (learnt, _) = tokio::join!(self.learn(), self.redis.identify());
            learnt.map_err(NotTold)?;
        }
        self.write(changes).await
    }

    /// What is known now, asked for if need be: once more where this process stood still meanwhile.
    async fn known(&self) -> Result<Arc<Known>, NotTold> {
        for _ in 0..QUESTIONS_MAX {
            if let Some(known) = self.knowledge.fresh(Instant::now()) {
                return Ok(known);
            }
            self.learn().await.map_err(NotTold)?;
        }
        let known = self.knowledge.fresh(Instant::now());
        known.ok_or_else(|| NotTold("PostgreSQL took too long to name the generation".to_owned()))
    }

    /// Writes under a generation, and says whether that is enough for its readers: it is closed, or
    /// Redis has taken the write. What is known is younger than the commit: entries of a later
    /// generation are.
    async fn counts(&self, known: &Known, changes: &HashMap<WalletRef, WalletChange>) -> bool {
        let Some(redis_id) = &known.redis_id else {
            return true;
        };
        let mut script = MERGE.prepare_invoke();
        for (wallet, change) in changes {
            script.key(key(known, wallet));
            match &change.entry {
                Some(entry) => script
                    .arg(entry.version)
                    .arg(entry.balance)
                    .arg(entry.held)
                    .arg(until_text(entry.held_until)),
                None => script.arg("").arg("").arg("").arg(""),
            };
            match &change.status {
                Some((version, status)) => script.arg(*version).arg(status),
                None => script.arg("").arg(""),
            };
            script.arg(change.updated_at_us);
        }
        let redis = self.redis.with_id(redis_id);
        redis.script::<()>(&script).await.is_ok()
    }

    /// Closes the generation that is open.
    async fn close(&self) -> Result<Arc<Known>, NotTold> {
        let asked_at = Instant::now();
        let state = self.row.close().await.map_err(NotTold)?;
        self.knowledge.hear(state, asked_at);
        let known = self.knowledge.last();
        Ok(known.expect("it was heard of just now"))
    }
}

fn key(known: &Known, wallet: &WalletRef) -> String {
    format!("{}{}:{}", known.prefix, wallet.0, wallet.1)
}

/// Microseconds since 1970 as text; none is empty.
fn until_text(moment: Option<OffsetDateTime>) -> String {
    moment.map_or_else(String::new, |moment| microseconds(moment).to_string())
}

fn random() -> String {
    Uuid::new_v4().simple().to_string()
}

fn microseconds(moment: OffsetDateTime) -> i64 {
    // Until the year 294246 the quotient fits.
    i64::try_from(moment.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}
