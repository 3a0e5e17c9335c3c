//! The SQL contract: every query of the worker, and the Rust mirrors of the SQL types it uses.
//!
//! A composite type mirrors as a struct with the same fields in the same order, a function as an async
//! function of the same name.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use postgres_types::{FromSql, Json, ToSql};
use remit::redis::wallet_cache::{Asked, GenerationRow};
use remit::sql::pools;
use remit::sql::pools::Config;
use remit::types::CacheState;
use serde_json::Value;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

use crate::error::Error;

const CACHE_STATE: &str = "select remit_ops_v1.cache_state()";
const CACHE_CLOSE: &str = "select remit_ops_v1.cache_close()";
const RELAY_LEAD: &str = "select remit_worker_v1.relay_lead()";
const RELAY_IS_ACTIVE: &str = "select remit_worker_v1.relay_is_active()";
const OUTBOX_READ: &str = "select e from remit_worker_v1.outbox_read($1, $2) e";
const OUTBOX_SETTLE: &str = "select remit_worker_v1.outbox_settle($1, $2)";
const NOTIFICATIONS_UNSENT: &str = "select id from remit_worker_v1.notifications_unsent($1, $2) id";
const NOTIFICATIONS_RECORD: &str = "select remit_worker_v1.notifications_record($1, $2)";
const REPLAY_RECORD: &str = "select remit_ops_v1.replay_record($1, $2, $3)";

/// How long a call may take before its connection counts as lost. Longer than `SESSION`'s
/// `statement_timeout`.
const CALL_MS_MAX: u64 = 10_000;

/// Settings of each session: statements have a limit, and a database that no longer hears from a worker
/// ends its session within seconds, which frees the relay's lock.
const SESSION: &str = "-c TimeZone=UTC -c statement_timeout=8s -c tcp_keepalives_idle=5 \
                       -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3";
/// A relay asks many times a second: one that is silent for so long hangs, and another one takes over.
/// Longer than `broker::CONFIRM_MS_MAX`, during which it is silent.
const RELAY_SESSION: &str = "-c idle_session_timeout=20s";

/// `remit_worker_v1.event`
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "event")]
pub struct OutboxEvent {
    pub ledger_id: i64,
    pub id: i64,
    pub event_id: Uuid,
    #[postgres(name = "type")]
    pub kind: String,
    pub subject_id: Uuid,
    pub request_id: Option<String>,
    /// As PostgreSQL wrote it.
    pub data: Option<Json<Box<RawValue>>>,
    pub created_at: OffsetDateTime,
}

/// `remit_worker_v1.notification`
#[derive(Debug, Clone, ToSql)]
#[postgres(name = "notification")]
pub struct Notification {
    pub event_id: Uuid,
    pub channel: String,
    #[postgres(name = "type")]
    pub kind: String,
    pub subject_id: Uuid,
    pub body: Value,
    pub attempts: i32,
}

/// The relay's session. Its lock, its reads and its deletes are on one connection: whoever loses the
/// connection loses the lead with it.
pub struct Outbox {
    client: Connection,
    read: Statement,
    settle: Statement,
}

impl Outbox {
    /// Opens a session.
    ///
    /// # Errors
    /// PostgreSQL is away, or its types differ from the mirrors.
    pub async fn connect(config: &Config) -> Result<Self, Error> {
        let client = connect(config, &format!("{SESSION} {RELAY_SESSION}")).await?;
        let read = in_time(client.prepare(OUTBOX_READ)).await?;
        let settle = in_time(client.prepare(OUTBOX_SETTLE)).await?;
        Ok(Self {
            client,
            read,
            settle,
        })
    }

    /// Whether this session is the active relay from now on, until it ends.
    pub async fn relay_lead(&self) -> Result<bool, Error> {
        let row = in_time(self.client.query_one(RELAY_LEAD, &[])).await?;
        Ok(row.try_get(0)?)
    }

    /// The oldest unpublished events but those held, in order of id.
    pub async fn outbox_read(&self, limit: i32, held: &[i64]) -> Result<Vec<OutboxEvent>, Error> {
        let rows = in_time(self.client.query(&self.read, &[&limit, &held])).await?;
        let events: Result<_, _> = rows.iter().map(|row| row.try_get(0)).collect();
        Ok(events?)
    }

    /// The generation of the wallet cache, and whose queues there are.
    pub async fn cache_state(&self) -> Result<CacheState, Error> {
        let row = in_time(self.client.query_one(CACHE_STATE, &[])).await?;
        Ok(row.try_get(0)?)
    }

    /// Closes the generation of the wallet cache that is open.
    pub async fn cache_close(&self) -> Result<CacheState, Error> {
        let row = in_time(self.client.query_one(CACHE_CLOSE, &[])).await?;
        Ok(row.try_get(0)?)
    }

    /// Removes events that the broker has confirmed. Returns how many were there.
    pub async fn outbox_settle(&self, ledger_id: i64, ids: &[i64]) -> Result<i32, Error> {
        let row = in_time(self.client.query_one(&self.settle, &[&ledger_id, &ids])).await?;
        Ok(row.try_get(0)?)
    }
}

/// The row of the cache's generation, on the relay's session.
pub struct CacheRow(pub Arc<Outbox>);

impl GenerationRow for CacheRow {
    fn state(&self) -> Asked<'_> {
        let state = self.0.cache_state();
        Box::pin(async { state.await.map_err(|error| error.to_string()) })
    }

    fn close(&self) -> Asked<'_> {
        let closed = self.0.cache_close();
        Box::pin(async { closed.await.map_err(|error| error.to_string()) })
    }
}

/// The notifier's session.
pub struct Notifications {
    client: Connection,
    unsent: Statement,
    record: Statement,
}

impl Notifications {
    /// Opens a session.
    ///
    /// # Errors
    /// PostgreSQL is away, or its types differ from the mirrors.
    pub async fn connect(config: &Config) -> Result<Self, Error> {
        let client = connect(config, SESSION).await?;
        let unsent = in_time(client.prepare(NOTIFICATIONS_UNSENT)).await?;
        let record = in_time(client.prepare(NOTIFICATIONS_RECORD)).await?;
        Ok(Self {
            client,
            unsent,
            record,
        })
    }

    /// Those of the events of which no notification was sent yet.
    pub async fn notifications_unsent(
        &self,
        ledger_id: i64,
        event_ids: &[Uuid],
    ) -> Result<Vec<Uuid>, Error> {
        let rows = in_time(self.client.query(&self.unsent, &[&ledger_id, &event_ids])).await?;
        let ids: Result<_, _> = rows.iter().map(|row| row.try_get(0)).collect();
        Ok(ids?)
    }

    /// Records notifications that were sent. Returns how many were new.
    pub async fn notifications_record(
        &self,
        ledger_id: i64,
        notifications: &[Notification],
    ) -> Result<i32, Error> {
        let parameters: [&(dyn ToSql + Sync); 2] = [&ledger_id, &notifications];
        let row = in_time(self.client.query_one(&self.record, &parameters)).await?;
        Ok(row.try_get(0)?)
    }
}

/// The session of an operator who replays dead letters.
pub struct Audit {
    client: Connection,
}

impl Audit {
    /// Opens a session.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn connect(config: &Config) -> Result<Self, Error> {
        let client = connect(config, SESSION).await?;
        Ok(Self { client })
    }

    /// Writes into the audit log that dead letters of these events will be replayed.
    pub async fn replay_record(
        &self,
        ledger_id: i64,
        event_ids: &[Uuid],
        reason: &str,
    ) -> Result<(), Error> {
        let parameters: [&(dyn ToSql + Sync); 3] = [&ledger_id, &event_ids, &reason];
        in_time(self.client.query_one(REPLAY_RECORD, &parameters)).await?;
        Ok(())
    }
}

/// Whose queues there are on the broker.
///
/// # Errors
/// PostgreSQL is away.
pub async fn instance_id(config: &Config) -> Result<Uuid, Error> {
    let client = connect(config, SESSION).await?;
    let row = in_time(client.query_one(CACHE_STATE, &[])).await?;
    let state: CacheState = row.try_get(0)?;
    Ok(state.instance_id)
}

/// Whether some session of this database is the active relay.
///
/// # Errors
/// PostgreSQL is away.
pub async fn relay_is_active(config: &Config) -> Result<bool, Error> {
    let client = connect(config, SESSION).await?;
    let row = in_time(client.query_one(RELAY_IS_ACTIVE, &[])).await?;
    Ok(row.try_get(0)?)
}

/// A client whose connection ends with it, also when an answer is still to come: its lock with it.
struct Connection {
    client: Client,
    driver: JoinHandle<()>,
}

impl Deref for Connection {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

async fn connect(config: &Config, session: &str) -> Result<Connection, Error> {
    let config = config.with_options(session);
    let (client, driver) = in_time(pools::connect(&config)).await?;
    Ok(Connection { client, driver })
}

async fn in_time<T>(
    call: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Error> {
    match timeout(Duration::from_millis(CALL_MS_MAX), call).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(Error::Slow("PostgreSQL")),
    }
}
