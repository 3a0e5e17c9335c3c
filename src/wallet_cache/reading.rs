//! Reading a wallet, and filling it in where it was missing.

use std::sync::atomic::Ordering;

use time::OffsetDateTime;
use uuid::Uuid;

use super::scripts::{MERGE, RELEASE};
use super::{
    Bypass, CachedWallet, EPOCH, WALLET_TTL_MS, WalletCache, WalletKey, key, microseconds, random,
};
use crate::redis::Unavailable;

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
}
