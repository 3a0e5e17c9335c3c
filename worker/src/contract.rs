//! The SQL contract: every query of the worker, and the Rust mirrors of the SQL types it uses.
//!
//! A composite type mirrors as a struct with the same fields in the same order, a function as an
//! async function of the same name: one line says what it takes and gives.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use postgres_types::{FromSql, Json, ToSql, Type, accepts};
use remit::redis::wallet_cache::{Asked, GenerationRow};
use remit::sql::contract::query::{self, Query, queries};
use remit::sql::database::Parameters;
use remit::sql::pools;
use remit::sql::pools::Config;
use remit::sql::session;
use remit::types::CacheState;
use serde_json::Value;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use tokio::time::timeout;
use tokio_postgres::{Client, Row, Statement};
use uuid::Uuid;

use crate::error::Error;

const OUTBOX_READ: &str = "select e from remit_worker_v1.outbox_read($1, $2, $3) e";
const OUTBOX_SETTLE: &str = "select remit_worker_v1.outbox_settle($1, $2)";

/// How long a call may take before its connection counts as lost. Longer than `SESSION`'s
/// `statement_timeout`.
const CALL_MS_MAX: u64 = 10_000;

/// Settings of each session: statements have a limit, and a database that no longer hears from a
/// worker ends its session within seconds, which frees the relay's lock. The last one is the
/// relay's alone. It asks many times a second: one that is silent for so long hangs, and another
/// one takes over. Longer than `broker::CONFIRM_MS_MAX`, during which it is silent.
const SETTINGS: [(&str, &str); 5] = [
    ("statement_timeout", "8s"),
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "1"),
    ("tcp_keepalives_count", "3"),
    ("idle_session_timeout", "20s"),
];

queries! {
    for Session;
    one remit_ops_v1.cache_state() -> CacheState;
    one remit_ops_v1.cache_close() -> CacheState;
    one remit_worker_v1.relay_lead() -> bool;
    one remit_worker_v1.relay_is_active() -> bool;
    one remit_worker_v1.outbox_mark() -> OutboxMark;
    one remit_worker_v1.outbox_rise(floor_id: i64, mark: OutboxMark) -> Option<i64>;
    all remit_worker_v1.notifications_unsent(ledger_id: i64, event_ids: &[Uuid]) -> Uuid;
    one remit_worker_v1.notifications_record(ledger_id: i64, notifications: &[Notification]) -> i32;
    one remit_ops_v1.replay_record(ledger_id: i64, event_ids: &[Uuid], reason: &str) -> Void;
}

/// What a function gives that gives nothing.
#[derive(Debug, Clone, Copy)]
pub struct Void;

impl FromSql<'_> for Void {
    fn from_sql(_: &Type, _: &[u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self)
    }

    accepts!(VOID);
}

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

/// `remit_worker_v1.outbox_mark`
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromSql, ToSql)]
#[postgres(name = "outbox_mark")]
pub struct OutboxMark {
    pub last_id: i64,
    pub xid: i64,
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

/// A session with PostgreSQL. Its connection ends with it, also when an answer is still to come.
pub struct Session(ClientWrapper);

impl Session {
    /// Opens a session.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn connect(config: &Config) -> Result<Self, Error> {
        Self::with_settings(config, &SETTINGS[..4]).await
    }

    async fn with_settings(config: &Config, settings: &[(&str, &str)]) -> Result<Self, Error> {
        let (client, driver) = in_time(pools::connect_pinned(config, settings)).await?;
        Ok(Self(ClientWrapper::new(client, driver)))
    }
}

impl Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
    }
}

impl query::Session for Session {
    type Error = Error;

    async fn rows(&self, query: &Query, parameters: Parameters<'_>) -> Result<Vec<Row>, Error> {
        let statement = in_time(self.0.prepare_cached(query.text)).await?;
        query.check(&statement).map_err(Error::Misfit)?;
        in_time(self.0.query(&statement, parameters)).await
    }

    fn misfit(cause: String) -> Error {
        Error::Misfit(cause)
    }
}

/// The relay's session. Its lock, its reads and its deletes are on one connection: a relay that
/// loses the connection loses the lead with it.
pub struct Outbox {
    client: Session,
    read: Statement,
    settle: Statement,
}

impl Outbox {
    /// Opens a session.
    ///
    /// # Errors
    /// PostgreSQL is away, or its types differ from the mirrors.
    pub async fn connect(config: &Config) -> Result<Self, Error> {
        let client = Session::with_settings(config, &SETTINGS).await?;
        let read = in_time(client.prepare(OUTBOX_READ)).await?;
        let settle = in_time(client.prepare(OUTBOX_SETTLE)).await?;
        Ok(Self {
            client,
            read,
            settle,
        })
    }

    /// Looks at the server and the database, and whether the session is this relay's own: a lead is
    /// worth nothing in one that a pooler lends to others. Gives what is worth a warning.
    ///
    /// # Errors
    /// They are not what Remit needs.
    pub async fn inspect(&self, config: &Config) -> Result<Vec<String>, Error> {
        let warnings = in_time(session::inspect(&self.client)).await?;
        let other = Session::connect(config).await?;
        in_time(session::check_apart(&self.client, &other)).await?;
        Ok(warnings)
    }

    /// Whether this session is the active relay from now on, until it ends.
    pub async fn relay_lead(&self) -> Result<bool, Error> {
        relay_lead(&self.client).await
    }

    /// The last number that an event was given, and what must end before no event up to it can
    /// come.
    pub async fn outbox_mark(&self) -> Result<OutboxMark, Error> {
        outbox_mark(&self.client).await
    }

    /// The floor that follows from a mark, or none while a transaction from before it is open.
    pub async fn outbox_rise(&self, floor_id: i64, mark: OutboxMark) -> Result<Option<i64>, Error> {
        outbox_rise(&self.client, floor_id, mark).await
    }

    /// The oldest unpublished events from the floor on but those held, in order of id.
    pub async fn outbox_read(
        &self,
        limit: i32,
        held: &[i64],
        floor_id: i64,
    ) -> Result<Vec<OutboxEvent>, Error> {
        let rows = in_time(self.client.query(&self.read, &[&limit, &held, &floor_id])).await?;
        let events: Result<_, _> = rows.iter().map(|row| row.try_get(0)).collect();
        Ok(events?)
    }

    /// The generation of the wallet cache, and whose queues there are.
    pub async fn cache_state(&self) -> Result<CacheState, Error> {
        cache_state(&self.client).await
    }

    /// Closes the generation of the wallet cache that is open.
    pub async fn cache_close(&self) -> Result<CacheState, Error> {
        cache_close(&self.client).await
    }

    /// Removes events that the broker has confirmed. Returns how many were there.
    pub async fn outbox_settle(&self, ledger_id: i64, ids: &[i64]) -> Result<i32, Error> {
        let row = in_time(self.client.query_one(&self.settle, &[&ledger_id, &ids])).await?;
        Ok(row.try_get(0)?)
    }
}

/// Whose queues there are on the broker, asked in a session that ends with the answer.
///
/// # Errors
/// PostgreSQL is away.
pub async fn instance_id(config: &Config) -> Result<Uuid, Error> {
    let session = Session::connect(config).await?;
    Ok(cache_state(&session).await?.instance_id)
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

async fn in_time<T, E: Into<Error>>(call: impl Future<Output = Result<T, E>>) -> Result<T, Error> {
    match timeout(Duration::from_millis(CALL_MS_MAX), call).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(Error::Slow("PostgreSQL")),
    }
}
