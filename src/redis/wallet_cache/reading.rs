//! Reading a wallet, and filling it in where it was missing.

use std::sync::atomic::Ordering;

use redis::{Cmd, Pipeline};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::scripts::{MERGE, RELEASE};
use super::{Bypass, EPOCH, WALLET_TTL_MS, WalletCache, WalletRef, key, microseconds, random};
use crate::redis::connection::Unavailable;
use crate::types::WalletResult;

/// How long a reader may take between its lease and its fill.
const LEASE_TTL_MS: u64 = 10_000;
/// The field of a lease, alone or before the id of a user.
const LEASE: &str = "lease";

/// A reader's right to fill one wallet.
pub struct Lease {
    field: String,
    value: String,
    epoch: String,
}

impl WalletCache {
    /// The cached wallet, if it is there whole.
    ///
    /// # Errors
    /// The database has to be asked. Tell `seen` what it said.
    pub async fn read(&self, wallet: WalletRef) -> Result<Option<WalletResult>, Bypass> {
        if !self.has_begun.load(Ordering::Relaxed) {
            return Err(Bypass::Silent);
        }
        if self.lost.concern(&wallet) {
            return Err(Bypass::Behind);
        }
        // Room for all of it, so that nothing grows step by step.
        let mut pipeline = Pipeline::with_capacity(2);
        let mut get = Cmd::with_capacity(2, 32);
        get.arg("GET").arg(EPOCH);
        let mut hmget = Cmd::with_capacity(8, 160);
        hmget.arg("HMGET").arg(key(&wallet)).arg(&FIELDS);
        pipeline.add_command(get).add_command(hmget);
        let (epoch, parts): (Option<String>, Parts) = self.redis.pipeline(&pipeline).await?;
        Ok(epoch.and_then(|epoch| whole(wallet.1, &epoch, parts)))
    }

    /// Announces a fill by a reader who may be bound to a user. Call before the query whose result will be
    /// filled in.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn lease(
        &self,
        wallet: WalletRef,
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
    pub async fn release(&self, wallet: WalletRef, lease: Lease) -> Result<(), Unavailable> {
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
        wallet: WalletRef,
        found: &WalletResult,
        lease: Lease,
    ) -> Result<(), Unavailable> {
        let filled =
            serde_json::to_string(&Filled::of(found)).expect("strings and numbers are JSON");
        let filled = format!("{} {filled}", lease.epoch);
        self.redis
            .script(
                MERGE
                    .key(key(&wallet))
                    .key(EPOCH)
                    .arg(found.version)
                    .arg(found.balance)
                    .arg(found.status_version)
                    .arg(<&str>::from(found.status))
                    .arg(microseconds(found.updated_at))
                    .arg(WALLET_TTL_MS)
                    .arg(lease.field)
                    .arg(lease.value)
                    .arg(filled),
            )
            .await
    }
}

/// What a wallet has in Redis.
const FIELDS: [&str; 6] = [
    "filled",
    "balance",
    "version",
    "status",
    "status_version",
    "updated_at",
];

/// What Redis has of a wallet: what readers alone write, balance, version, status, its version, and when it changed.
type Parts = (
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<i64>,
    Option<i64>,
);

/// What readers alone write of a wallet, after the epoch in which they did. Amounts are minor units.
#[derive(Serialize, Deserialize)]
struct Filled {
    user_id: Option<Uuid>,
    currency: String,
    held: i64,
    floor: Option<i64>,
    reference: Option<String>,
    metadata: Value,
    created_at_us: i64,
}

impl Filled {
    fn of(wallet: &WalletResult) -> Self {
        Self {
            user_id: wallet.user_id,
            currency: wallet.currency.clone(),
            held: wallet.held,
            floor: wallet.floor,
            reference: wallet.reference.clone(),
            metadata: wallet.metadata.clone(),
            created_at_us: microseconds(wallet.created_at),
        }
    }
}

/// The wallet, if all parts are there and it was filled in during this epoch.
fn whole(id: Uuid, epoch: &str, parts: Parts) -> Option<WalletResult> {
    let (filled, balance, version, status, status_version, updated_at_us) = parts;
    let filled = filled?;
    let (filled_in, filled) = filled.split_once(' ')?;
    if filled_in != epoch {
        return None;
    }
    let filled: Filled = serde_json::from_str(filled).ok()?;
    Some(WalletResult {
        id,
        user_id: filled.user_id,
        currency: filled.currency,
        balance: balance?,
        held: filled.held,
        floor: filled.floor,
        status: status?.parse().ok()?,
        version: version?,
        status_version: status_version?,
        reference: filled.reference,
        metadata: filled.metadata,
        created_at: moment(filled.created_at_us)?,
        updated_at: moment(updated_at_us?)?,
        replayed: false,
    })
}

fn moment(us: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(us) * 1_000).ok()
}
