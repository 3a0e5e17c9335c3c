//! The wallet cache in Redis: one hash per wallet, merged by version.
//!
//! A wallet's `version` counts its entries and its `status_version` its changes of status. Each writer
//! stores only what is newer, by a script that Redis runs whole, so order and repetition of writes do
//! not matter and a slow writer can never put an old balance over a new one.
//!
//! What never changes (owner, currency, …) is stored by readers only. A reader first leaves a lease;
//! its fill counts only while the lease is there, so a FLUSHALL between its query and its fill cannot
//! bring an old wallet back.
//!
//! What cannot be written while Redis is away is remembered, and written when it is back; until then
//! these wallets are not read from Redis.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::Script;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::redis::{Redis, Unavailable};

/// Bounds what a lost write can leave wrong.
const WALLET_TTL_MS: u64 = 3_600_000;
/// How many wallets with lost writes are remembered. Beyond it the cache is not read for `WALLET_TTL_MS`.
const LOST_WALLETS_MAX: usize = 100_000;
/// How many lost writes are repaired in one call.
const REPAIR_BATCH_MAX: usize = 500;
/// How often lost writes are tried again.
const REPAIR_INTERVAL_MS: u64 = 200;

/// KEYS: wallets. ARGV: the TTL, then for each wallet version, balance, `status_version`, status,
/// `updated_at`, lease, fixed, held; an empty string is a part not given.
static MERGE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        for i, key in ipairs(KEYS) do
            local a = 8 * (i - 1) + 1
            local version, balance, status_version, status, updated_at, lease, fixed, held =
                unpack(ARGV, a + 1, a + 8)
            local old = redis.call('HMGET', key, 'version', 'status_version', 'updated_at', 'lease')
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
                    redis.call('HSET', key, 'fixed', fixed, 'held', held)
                    redis.call('HDEL', key, 'lease')
                    redis.call('PEXPIRE', key, ARGV[1])
                else
                    redis.call('PEXPIRE', key, ARGV[1], 'NX')
                end
            end
        end
        ",
    )
});

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

/// What a change did to a wallet: its newest entry, its newest status, or both.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WalletChange {
    /// Version and balance (minor units) after an entry.
    pub entry: Option<(i64, i64)>,
    /// Version and name of a status.
    pub status: Option<(i64, String)>,
    /// Microseconds since 1970.
    pub updated_at_us: i64,
}

impl WalletChange {
    /// An entry of the journal: the wallet's version and balance after it.
    pub fn entry(version: i64, balance: i64, created_at: OffsetDateTime) -> Self {
        Self {
            entry: Some((version, balance)),
            status: None,
            updated_at_us: microseconds(created_at),
        }
    }

    /// A change of status.
    pub fn status(version: i64, status: String, updated_at: OffsetDateTime) -> Self {
        Self {
            entry: None,
            status: Some((version, status)),
            updated_at_us: microseconds(updated_at),
        }
    }

    /// Takes over what is newer in another change of the same wallet.
    fn merge(&mut self, other: Self) {
        if other.entry.map(|entry| entry.0) > self.entry.map(|entry| entry.0) {
            self.entry = other.entry;
        }
        if other.status.as_ref().map(|status| status.0)
            > self.status.as_ref().map(|status| status.0)
        {
            self.status = other.status;
        }
        self.updated_at_us = self.updated_at_us.max(other.updated_at_us);
    }
}

/// A reader's right to fill one wallet.
pub struct Lease(Uuid);

/// A wallet's ledger and id.
pub type WalletKey = (i64, Uuid);

#[derive(Default)]
struct Lost {
    changes: HashMap<WalletKey, WalletChange>,
    /// Set when there were too many to remember.
    no_reads_until: Option<Instant>,
}

/// The cache and its memory of lost writes.
pub struct WalletCache {
    redis: Arc<Redis>,
    lost: Mutex<Lost>,
}

impl WalletCache {
    /// A cache in this Redis.
    pub fn new(redis: Arc<Redis>) -> Self {
        Self {
            redis,
            lost: Mutex::default(),
        }
    }

    /// The cached wallet, if it is there whole.
    ///
    /// # Errors
    /// Redis does not answer, or lacks a write to this wallet.
    pub async fn read(&self, wallet: WalletKey) -> Result<Option<CachedWallet>, Unavailable> {
        self.check_reads(&wallet)?;
        let mut command = redis::cmd("HMGET");
        command.arg(key(&wallet)).arg(&[
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
            Option<i64>,
            Option<i64>,
            Option<i64>,
            Option<String>,
            Option<i64>,
            Option<i64>,
        );
        let parts = self.redis.command::<Parts>(&command).await?;
        let (
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

    /// Announces a fill. Call before the query whose result will be filled in.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn lease(&self, wallet: WalletKey) -> Result<Lease, Unavailable> {
        let lease = Uuid::new_v4();
        let mut pipeline = redis::pipe();
        pipeline
            .cmd("HSET")
            .arg(key(&wallet))
            .arg("lease")
            .arg(lease.to_string())
            .ignore()
            .cmd("PEXPIRE")
            .arg(key(&wallet))
            .arg(WALLET_TTL_MS)
            .arg("NX")
            .ignore();
        self.redis.pipeline::<()>(&pipeline).await?;
        Ok(Lease(lease))
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
                    .arg(WALLET_TTL_MS)
                    .arg(found.version)
                    .arg(found.balance)
                    .arg(found.status_version)
                    .arg(&found.status)
                    .arg(microseconds(found.updated_at))
                    .arg(lease.0.to_string())
                    .arg(found.fixed.to_string())
                    .arg(found.held),
            )
            .await
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
            self.remember(newest);
        }
    }

    /// Tries lost writes again, for as long as the process lives.
    pub async fn repair(&self) {
        let mut ticks = tokio::time::interval(Duration::from_millis(REPAIR_INTERVAL_MS));
        loop {
            ticks.tick().await;
            while let Some(batch) = self.oldest_lost() {
                if write_batch(
                    &self.redis,
                    batch.iter().map(|(wallet, change)| (wallet, change)),
                )
                .await
                .is_err()
                {
                    break;
                }
                self.forget(&batch);
            }
        }
    }

    fn check_reads(&self, wallet: &WalletKey) -> Result<(), Unavailable> {
        let lost = self.lost();
        let is_closed = lost.no_reads_until.is_some_and(|end| Instant::now() < end);
        if is_closed || lost.changes.contains_key(wallet) {
            return Err(Unavailable);
        }
        Ok(())
    }

    fn remember(&self, changes: HashMap<WalletKey, WalletChange>) {
        let mut lost = self.lost();
        for (wallet, change) in changes {
            lost.changes.entry(wallet).or_default().merge(change);
        }
        if lost.changes.len() > LOST_WALLETS_MAX {
            lost.changes.clear();
            lost.no_reads_until = Some(Instant::now() + Duration::from_millis(WALLET_TTL_MS));
        }
    }

    fn oldest_lost(&self) -> Option<Vec<(WalletKey, WalletChange)>> {
        let lost = self.lost();
        let batch: Vec<_> = lost
            .changes
            .iter()
            .take(REPAIR_BATCH_MAX)
            .map(|(wallet, change)| (*wallet, change.clone()))
            .collect();
        (!batch.is_empty()).then_some(batch)
    }

    /// Drops what was repaired, unless more was lost meanwhile.
    fn forget(&self, repaired: &[(WalletKey, WalletChange)]) {
        let mut lost = self.lost();
        for (wallet, change) in repaired {
            if lost.changes.get(wallet) == Some(change) {
                lost.changes.remove(wallet);
            }
        }
    }

    fn lost(&self) -> MutexGuard<'_, Lost> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
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
    script.arg(WALLET_TTL_MS);
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
        script.arg(change.updated_at_us).arg("").arg("").arg("");
    }
    redis.script(&script).await
}

fn key(wallet: &WalletKey) -> String {
    format!("remit:wallet:{}:{}", wallet.0, wallet.1)
}

fn microseconds(moment: OffsetDateTime) -> i64 {
    // Until the year 294246 the quotient fits.
    i64::try_from(moment.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}
