//! Reading a wallet, and filling it in where it was missing.

use std::time::Instant;

use redis::{Cmd, FromRedisValue};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::scripts::{FILL, RELEASE};
use super::{WalletCache, WalletRef, key, microseconds, random, until_text};
use crate::base::clock;
use crate::redis::connection::Unavailable;
use crate::types::WalletResult;

/// How long a reader may take between its lease and its fill.
const LEASE_TTL_MS: u64 = 10_000;
/// The field of a lease, alone or before the id of a user.
const LEASE: &str = "lease";

/// A reader's right to fill one wallet, in one generation.
pub struct Lease {
    key: String,
    redis_id: String,
    field: String,
    value: String,
}

impl WalletCache {
    /// The cached wallet, if it is there whole, none of its holds has ended since, and this process
    /// knows whose it is.
    ///
    /// # Errors
    /// The database has to be asked: no generation can be read, or Redis does not answer.
    pub async fn read(&self, wallet: WalletRef) -> Result<Option<WalletResult>, Unavailable> {
        let now = Instant::now();
        let known = self.knowledge.fresh(now).ok_or(Unavailable)?;
        let redis_id = known.readable(now).ok_or(Unavailable)?;
        // Room for all of it, so that nothing grows step by step.
        let mut hmget = Cmd::with_capacity(8, 192);
        hmget.arg("HMGET").arg(key(&known, &wallet)).arg(&FIELDS);
        let parts: Vec<_> = self.redis.with_id(redis_id).command(&hmget).await?;
        let user_id = self.owners.get(&wallet);
        Ok(user_id.and_then(|user_id| whole(wallet.1, user_id, &parts)))
    }

    /// Remembers whose a wallet is, by what PostgreSQL said.
    pub fn remember_owner(&self, wallet: WalletRef, found: &WalletResult) {
        self.owners.insert(wallet, found.user_id);
    }

    /// Announces a fill by a reader who may be bound to a user. Call before the query whose result
    /// will be filled in.
    ///
    /// # Errors
    /// No generation can be filled, or Redis does not answer.
    pub async fn lease(
        &self,
        wallet: WalletRef,
        user_id: Option<Uuid>,
    ) -> Result<Lease, Unavailable> {
        let now = Instant::now();
        let known = self.knowledge.fresh(now).ok_or(Unavailable)?;
        let lease = Lease {
            key: key(&known, &wallet),
            redis_id: known.readable(now).ok_or(Unavailable)?.to_owned(),
            field: user_id.map_or_else(|| LEASE.to_owned(), |id| format!("{LEASE}:{id}")),
            value: random(),
        };
        let mut pipeline = redis::pipe();
        pipeline
            .cmd("HSET")
            .arg(&lease.key)
            .arg(&lease.field)
            .arg(&lease.value)
            .ignore()
            // Below any: so that writers see that a reader waits for the wallet.
            .cmd("HSETNX")
            .arg(&lease.key)
            .arg("version")
            .arg(-1)
            .ignore()
            .cmd("PEXPIRE")
            .arg(&lease.key)
            .arg(LEASE_TTL_MS)
            .arg("NX")
            .ignore();
        let redis = self.redis.with_id(&lease.redis_id);
        redis.pipeline::<()>(&pipeline).await?;
        Ok(lease)
    }

    /// Takes an announcement back: there is no such wallet for this reader.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn release(&self, lease: Lease) -> Result<(), Unavailable> {
        let mut release = RELEASE.key(lease.key);
        release.arg(lease.field).arg(lease.value);
        self.redis.with_id(&lease.redis_id).script(&release).await
    }

    /// Stores what a reader found, unless its lease is gone. What Redis knows better stays.
    ///
    /// # Errors
    /// Redis does not answer, or is another one.
    pub async fn fill(&self, found: &WalletResult, lease: Lease) -> Result<(), Unavailable> {
        let filled =
            serde_json::to_string(&Filled::of(found)).expect("strings and numbers are JSON");
        let mut fill = FILL.key(lease.key);
        fill.arg(found.version)
            .arg(found.balance)
            .arg(found.held)
            .arg(until_text(found.held_until))
            .arg(found.status_version)
            .arg(<&str>::from(found.status))
            .arg(microseconds(found.updated_at))
            .arg(u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX))
            .arg(lease.field)
            .arg(lease.value)
            .arg(filled);
        self.redis.with_id(&lease.redis_id).script(&fill).await
    }
}

/// What a wallet has in Redis.
const FIELDS: [&str; 8] = [
    "filled",
    "balance",
    "held",
    "held_until",
    "version",
    "status",
    "status_version",
    "updated_at",
];

/// What readers alone write of a wallet. Amounts are minor units.
#[derive(Serialize, Deserialize)]
struct Filled {
    currency: String,
    floor: Option<i64>,
    reference: Option<String>,
    metadata: Value,
    created_at_us: i64,
}

impl Filled {
    fn of(wallet: &WalletResult) -> Self {
        Self {
            currency: wallet.currency.clone(),
            floor: wallet.floor,
            reference: wallet.reference.clone(),
            metadata: wallet.metadata.clone(),
            created_at_us: microseconds(wallet.created_at),
        }
    }
}

/// The wallet of a user, if all parts are there.
fn whole(id: Uuid, user_id: Option<Uuid>, parts: &[redis::Value]) -> Option<WalletResult> {
    let [
        filled,
        balance,
        held,
        held_until,
        version,
        status,
        status_version,
        updated_at_us,
    ] = parts
    else {
        return None;
    };
    let filled: Filled = serde_json::from_slice(&part::<Vec<u8>>(filled)?).ok()?;
    let status: String = part(status)?;
    let wallet = WalletResult {
        id,
        user_id,
        currency: filled.currency,
        balance: part(balance)?,
        held: part(held)?,
        held_until: ends(&part::<String>(held_until)?)?,
        floor: filled.floor,
        status: status.parse().ok()?,
        version: part(version)?,
        status_version: part(status_version)?,
        reference: filled.reference,
        metadata: filled.metadata,
        created_at: moment(filled.created_at_us)?,
        updated_at: moment(part(updated_at_us)?)?,
        replayed: false,
    };
    let has_ended = |until| until <= clock::now();
    (wallet.is_possible() && !wallet.held_until.is_some_and(has_ended)).then_some(wallet)
}

/// A part of a wallet, if it is there and can be read.
fn part<T: FromRedisValue>(value: &redis::Value) -> Option<T> {
    Option::from_redis_value(value).ok().flatten()
}

/// When the first hold ends: none, where the text is empty. None of both, where it cannot be read.
fn ends(text: &str) -> Option<Option<OffsetDateTime>> {
    if text.is_empty() {
        return Some(None);
    }
    moment(text.parse().ok()?).map(Some)
}

fn moment(us: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(us) * 1_000).ok()
}
