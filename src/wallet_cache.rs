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

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::redis::{Redis, Unavailable};

mod change;
mod lost;
mod scripts;

pub use change::WalletChange;
use lost::LostWrites;
use scripts::{MERGE, RELEASE};

/// Bounds what a lost write can leave wrong.
const WALLET_TTL_MS: u64 = 3_600_000;
/// How long a reader may take between its lease and its fill.
const LEASE_TTL_MS: u64 = 10_000;
/// The field of a lease, alone or before the id of a user.
const LEASE: &str = "lease";
/// How often lost writes are tried again.
const REPAIR_INTERVAL_MS: u64 = 200;
/// The key of the epoch: a text that each process replaces when it starts.
const EPOCH: &str = "remit:wallet:epoch";

/// A wallet as the cache knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct CachedWallet {
    /// What never changes, as the server wrote it.
    pub fixed: Value,
    /// Minor units.
    pub balance: i64,
    /// Minor units.
    pub held: i64,
    pub version: i64,
    pub status: String,
    pub status_version: i64,
    pub updated_at: OffsetDateTime,
}

/// A reader's right to fill one wallet.
pub struct Lease {
    field: String,
    value: String,
    epoch: String,
}

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
pub type WalletKey = (i64, Uuid);

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

    /// The cached wallet, if it is there whole.
    ///
    /// # Errors
    /// The database has to be asked. Tell `seen` what it said.
    pub async fn read(&self, wallet: WalletKey) -> Result<Option<CachedWallet>, Bypass> {
        if !self.has_begun.load(Ordering::Relaxed) {
            return Err(Bypass::Silent);
        }
        if self.lost.concern(&wallet) {
            return Err(Bypass::Behind);
        }
        let mut pipeline = redis::pipe();
        pipeline.cmd("GET").arg(EPOCH);
        pipeline.cmd("HMGET").arg(key(&wallet)).arg(&[
            "epoch",
            "fixed",
            "balance",
            "held",
            "version",
            "status",
            "status_version",
            "updated_at",
        ]);
        type Parts = (
            Option<String>,
            Option<String>,
            Option<i64>,
            Option<i64>,
            Option<i64>,
            Option<String>,
            Option<i64>,
            Option<i64>,
        );
        let (epoch, parts): (Option<String>, Parts) = self.redis.pipeline(&pipeline).await?;
        let (
            Some(filled_in),
            Some(fixed),
            Some(balance),
            Some(held),
            Some(version),
            Some(status),
            Some(status_version),
            Some(us),
        ) = parts
        else {
            return Ok(None);
        };
        if epoch != Some(filled_in) {
            return Ok(None);
        }
        let fixed = serde_json::from_str(&fixed).ok();
        let updated_at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(us) * 1_000).ok();
        Ok(fixed
            .zip(updated_at)
            .map(|(fixed, updated_at)| CachedWallet {
                fixed,
                balance,
                held,
                version,
                status,
                status_version,
                updated_at,
            }))
    }

    /// Announces a fill by a reader who may be bound to a user. Call before the query whose result will be
    /// filled in.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn lease(
        &self,
        wallet: WalletKey,
        user_id: Option<Uuid>,
    ) -> Result<Lease, Unavailable> {
        let field = user_id.map_or_else(|| LEASE.to_owned(), |id| format!("{LEASE}:{id}"));
        let value = random();
        let mut pipeline = redis::pipe();
        pipeline
            .cmd("HSET")
            .arg(key(&wallet))
            .arg(&field)
            .arg(&value)
            .ignore()
            // Below any: so that writers see that somebody waits for the wallet.
            .cmd("HSETNX")
            .arg(key(&wallet))
            .arg("version")
            .arg(-1)
            .ignore()
            .cmd("PEXPIRE")
            .arg(key(&wallet))
            .arg(LEASE_TTL_MS)
            .arg("NX")
            .ignore()
            // A Redis that was flushed has none.
            .cmd("SET")
            .arg(EPOCH)
            .arg(random())
            .arg("NX")
            .ignore()
            .cmd("GET")
            .arg(EPOCH);
        let (epoch,) = self.redis.pipeline(&pipeline).await?;
        Ok(Lease {
            field,
            value,
            epoch,
        })
    }

    /// Takes an announcement back: there is no such wallet for this reader.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn release(&self, wallet: WalletKey, lease: Lease) -> Result<(), Unavailable> {
        let mut release = RELEASE.key(key(&wallet));
        release.arg(lease.field).arg(lease.value);
        self.redis.script(&release).await
    }

    /// Stores what a reader found, unless its lease is gone. What Redis knows better stays.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn fill(
        &self,
        wallet: WalletKey,
        found: &CachedWallet,
        lease: Lease,
    ) -> Result<(), Unavailable> {
        self.redis
            .script(
                MERGE
                    .key(key(&wallet))
                    .key(EPOCH)
                    .arg(found.version)
                    .arg(found.balance)
                    .arg(found.status_version)
                    .arg(&found.status)
                    .arg(microseconds(found.updated_at))
                    .arg(WALLET_TTL_MS)
                    .arg(lease.epoch)
                    .arg(lease.field)
                    .arg(lease.value)
                    .arg(found.fixed.to_string())
                    .arg(found.held),
            )
            .await
    }

    /// Takes note of what was read past Redis.
    pub async fn seen(&self, wallet: WalletKey, found: &CachedWallet, bypass: Bypass) {
        let seen = WalletChange {
            entry: Some((found.version, found.balance)),
            status: Some((found.status_version, found.status.clone())),
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
    pub async fn write(&self, changes: impl IntoIterator<Item = (WalletKey, WalletChange)>) {
        let mut newest: HashMap<WalletKey, WalletChange> = HashMap::new();
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

/// The parts of a wallet that never change, as `CachedWallet::fixed` wants them.
pub fn fixed_parts(
    user_id: Option<Uuid>,
    currency: &str,
    floor: Option<i64>,
    reference: Option<&str>,
    metadata: &Value,
    created_at: OffsetDateTime,
) -> Value {
    json!({
        "user_id": user_id.map(|id| id.to_string()),
        "currency": currency,
        "floor": floor,
        "reference": reference,
        "metadata": metadata,
        "created_at_us": microseconds(created_at),
    })
}

async fn write_batch<'a>(
    redis: &Redis,
    changes: impl Iterator<Item = (&'a WalletKey, &'a WalletChange)>,
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

fn key(wallet: &WalletKey) -> String {
    format!("remit:wallet:{}:{}", wallet.0, wallet.1)
}

fn random() -> String {
    Uuid::new_v4().simple().to_string()
}

fn microseconds(moment: OffsetDateTime) -> i64 {
    // Until the year 294246 the quotient fits.
    i64::try_from(moment.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}
