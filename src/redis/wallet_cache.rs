//! The wallet cache in Redis: one hash per wallet, merged by version.
//!
//! A wallet's `version` counts its entries and its `status_version` its changes of status. Each writer
//! stores only what is newer, by a script that Redis runs whole, so order and repetition of writes do
//! not matter and a slow writer can never put an old balance over a new one.
//!
//! What never changes (owner, currency, …) is stored by readers only. A reader first leaves a lease;
//! its fill counts only while the lease is there, so a FLUSHALL between its query and its fill cannot
//! bring an old wallet back. Whoever is bound to a user has leases of that user's: he can ask for any id, and
//! must not take the place of a reader who will find something.
//!
//! What cannot be written while Redis is away is remembered, and written when it is back; until then
//! these wallets are not read from Redis. So is what was read past Redis: it may be newer than what Redis
//! has, and nobody is to see a wallet go back. That memory ends with its process, so each process begins a new epoch:
//! nobody reads what was filled in during an earlier one.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::redis::connection::{Redis, Unavailable};
use crate::types::WalletResult;

mod change;
mod lost;
mod reading;
mod scripts;

pub use change::WalletChange;
use lost::LostWrites;
pub use reading::Lease;
use scripts::MERGE;

/// Bounds what a lost write can leave wrong.
const WALLET_TTL_MS: u64 = 3_600_000;
/// How often lost writes are tried again.
const REPAIR_INTERVAL_MS: u64 = 200;
/// The key of the epoch: a text that each process replaces when it starts.
const EPOCH: &str = "remit:wallet:epoch";

/// Why a wallet cannot be read from the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bypass {
    /// Redis does not answer.
    Silent,
    /// Redis lacks a write to this wallet, or may lack one.
    Behind,
}

impl From<Unavailable> for Bypass {
    fn from(_: Unavailable) -> Self {
        Self::Silent
    }
}

/// A wallet's ledger and id.
pub type WalletRef = (i64, Uuid);

/// The cache and its memory of lost writes.
pub struct WalletCache {
    redis: Arc<Redis>,
    lost: LostWrites,
    /// Whether this process has begun its epoch.
    has_begun: AtomicBool,
}

impl WalletCache {
    /// A cache in this Redis.
    pub fn new(redis: Arc<Redis>) -> Self {
        Self {
            redis,
            lost: LostWrites::default(),
            has_begun: AtomicBool::new(false),
        }
    }

    /// Begins a new epoch, so that nobody reads what was filled in before: a process may have ended with lost
    /// writes, which nobody remembers. While Redis does not answer, `repair` goes on with it.
    pub async fn begin(&self) {
        let mut begin = redis::cmd("SET");
        begin.arg(EPOCH).arg(random());
        let has_begun = self.redis.command::<()>(&begin).await.is_ok();
        self.has_begun.store(has_begun, Ordering::Relaxed);
    }

    /// Takes note of what was read past Redis.
    pub async fn seen(&self, wallet: WalletRef, found: &WalletResult, bypass: Bypass) {
        let seen = WalletChange {
            entry: Some((found.version, found.balance)),
            status: Some((found.status_version, <&str>::from(found.status).to_owned())),
            updated_at_us: microseconds(found.updated_at),
        };
        match bypass {
            Bypass::Silent => self.lost.remember_seen(wallet, seen),
            Bypass::Behind => {
                // The repair may have written something older by now.
                if let Some(seen) = self.lost.update_seen(&wallet, seen)
                    && write_batch(&self.redis, [(&wallet, &seen)].into_iter())
                        .await
                        .is_err()
                {
                    self.lost.remember_seen(wallet, seen);
                }
            }
        }
    }

    /// Writes changes through, each wallet's newest. What Redis does not take is remembered for `repair`.
    pub async fn write(&self, changes: impl IntoIterator<Item = (WalletRef, WalletChange)>) {
        let mut newest: HashMap<WalletRef, WalletChange> = HashMap::new();
        for (wallet, change) in changes {
            newest.entry(wallet).or_default().merge(change);
        }
        if newest.is_empty() {
            return;
        }
        if write_batch(&self.redis, newest.iter()).await.is_err() {
            self.lost.remember(newest);
        }
    }

    /// Ends what `begin` began, and tries lost writes again, for as long as the process lives.
    pub async fn repair(&self) {
        let mut ticks = tokio::time::interval(Duration::from_millis(REPAIR_INTERVAL_MS));
        loop {
            ticks.tick().await;
            if !self.has_begun.load(Ordering::Relaxed) {
                self.begin().await;
            }
            while let Some(batch) = self.lost.batch() {
                if write_batch(
                    &self.redis,
                    batch.iter().map(|(wallet, change)| (wallet, change)),
                )
                .await
                .is_err()
                {
                    break;
                }
                self.lost.forget(&batch);
            }
        }
    }
}

async fn write_batch<'a>(
    redis: &Redis,
    changes: impl Iterator<Item = (&'a WalletRef, &'a WalletChange)>,
) -> Result<(), Unavailable> {
    let mut script = MERGE.prepare_invoke();
    for (wallet, change) in changes {
        script.key(key(wallet));
        match change.entry {
            Some((version, balance)) => script.arg(version).arg(balance),
            None => script.arg("").arg(""),
        };
        match &change.status {
            Some((version, status)) => script.arg(*version).arg(status),
            None => script.arg("").arg(""),
        };
        script.arg(change.updated_at_us);
    }
    redis.script(&script).await
}

fn key(wallet: &WalletRef) -> String {
    format!("remit:wallet:{}:{}", wallet.0, wallet.1)
}

fn random() -> String {
    Uuid::new_v4().simple().to_string()
}

fn microseconds(moment: OffsetDateTime) -> i64 {
    // Until the year 294246 the quotient fits.
    i64::try_from(moment.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}
