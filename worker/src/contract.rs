//! The SQL contract: every query of the worker, and the Rust mirrors of the SQL types it uses.
//!
//! A composite type mirrors as a struct with the same fields in the same order, a function as an
//! async function of the same name: one line says what it takes and gives.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use postgres_types::{FromSql, ToSql, Type, accepts};
use remit::redis::wallet_cache::{Asked, GenerationRow};
use remit::sql::contract::ops::LogHead;
use remit::sql::contract::query::{self, Query, queries};
use remit::sql::database::Parameters;
use remit::sql::pools;
use remit::sql::pools::Config;
use remit::sql::session;
use remit::types::{CacheState, Event, Standstill};
use time::OffsetDateTime;
use tokio::time::timeout;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::error::Error;

mod replays;
mod webhooks;

pub use replays::{EventAside, ReplayWindow};
pub use webhooks::{Webhook, WebhookFailure, WebhookReport};

/// How long a call may take before its connection counts as lost. Longer than `SESSION`'s
/// `statement_timeout`.
const CALL_MS_MAX: u64 = 10_000;

/// The role that the worker's login has, and no more than it.
const ROLE: &str = "remit_worker";
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
    one remit_ops_v1.standstill() -> Standstill;
    one remit_worker_v1.holds_expire(limit: i32) -> i64;
    one remit_worker_v1.relay_lead() -> bool;
    one remit_worker_v1.relay_is_active() -> bool;
    one remit_worker_v1.relay_report(broker_blocked: bool) -> bool;
    one remit_worker_v1.outbox_mark() -> OutboxMark;
    one remit_worker_v1.outbox_rise(floor_id: i64, mark: OutboxMark) -> Option<i64>;
    all remit_worker_v1.outbox_append(row_limit: i32, floor_id: i64, confirmed: &[Cursor]) -> Event;
    all remit_worker_v1.log_read(ledger_id: i64, after: i64, limit: i32) -> Event;
    all remit_worker_v1.cursors_behind(channel: &str) -> Cursor;
    all remit_worker_v1.cursors_lag(cursor_limit: i32) -> CursorLag;
    one remit_worker_v1.cursors_confirm(confirmed: &[Cursor]) -> Void;
    one remit_worker_v1.event_set_aside(ledger_id: i64, position: i64, reason: &str) -> Void;
    all remit_worker_v1.notifications_unsent(ledger_id: i64, event_ids: &[Uuid]) -> Uuid;
    one remit_worker_v1.notifications_record(ledger_id: i64, notifications: &[Notification]) -> i32;
    all remit_ops_v1.events_aside() -> EventAside;
    one remit_ops_v1.events_aside_remove(ledger_id: i64, positions: &[i64], reason: &str) -> i64;
    one remit_ops_v1.replay_begin(
        ledger_id: i64, since: OffsetDateTime, until: OffsetDateTime, types: Option<&[String]>, reason: &str, dry_run: bool
    ) -> ReplayWindow;
    all remit_ops_v1.replay_read(ledger_id: i64, after: i64, until: i64, event_limit: i32) -> Event;
    one remit_worker_v1.webhooks_lead() -> bool;
    all remit_worker_v1.webhooks_read() -> Webhook;
    all remit_worker_v1.webhook_failures_read(ledger_id: i64, webhook_id: Uuid) -> WebhookFailure;
    one remit_worker_v1.webhooks_record(reports: &[WebhookReport]) -> i32;
    all remit_ops_v1.log_head(ledger_id: Option<i64>) -> LogHead;
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

/// `remit_worker_v1.cursor`: how far a reader has come in a ledger's log.
#[derive(Debug, Clone, PartialEq, Eq, FromSql, ToSql)]
#[postgres(name = "cursor")]
pub struct Cursor {
    pub ledger_id: i64,
    pub channel: String,
    pub position: i64,
}

impl Cursor {
    pub fn new(ledger_id: i64, channel: &str, position: i64) -> Self {
        Self {
            ledger_id,
            channel: channel.to_owned(),
            position,
        }
    }
}

/// `remit_worker_v1.cursor_lag`: how far a cursor is behind; without a ledger, many together.
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "cursor_lag")]
pub struct CursorLag {
    pub ledger_id: Option<i64>,
    pub channel: String,
    pub events: Option<i64>,
    pub waits_since: Option<OffsetDateTime>,
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

    /// Opens the session of a relay. Its lock, its reads and its deletes are on one connection: a
    /// relay that loses the connection loses the lead with it.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn connect_relay(config: &Config) -> Result<Self, Error> {
        Self::with_settings(config, &SETTINGS).await
    }

    /// Looks at the server and the database, and whether the session is this relay's own: a lead is
    /// worth nothing in one that a pooler lends to others. Gives what is worth a warning.
    ///
    /// # Errors
    /// They are not what Remit needs.
    pub async fn inspect(&self, config: &Config) -> Result<Vec<String>, Error> {
        in_time(session::check_rank(self, ROLE)).await?;
        let warnings = in_time(session::inspect(self)).await?;
        let other = Self::connect(config).await?;
        in_time(session::check_apart(self, &other)).await?;
        Ok(warnings)
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

/// Whose queues there are on the broker, asked in a session that ends with the answer.
///
/// # Errors
/// PostgreSQL is away, or the login is not a worker's.
pub async fn instance_id(config: &Config) -> Result<Uuid, Error> {
    let session = Session::connect(config).await?;
    in_time(session::check_rank(&session, ROLE)).await?;
    Ok(cache_state(&session).await?.instance_id)
}

/// The row of the cache's generation, on the relay's session.
pub struct CacheRow(pub Arc<Session>);

impl GenerationRow for CacheRow {
    fn state(&self) -> Asked<'_> {
        Box::pin(async {
            cache_state(&self.0)
                .await
                .map_err(|error| error.to_string())
        })
    }

    fn close(&self) -> Asked<'_> {
        Box::pin(async {
            cache_close(&self.0)
                .await
                .map_err(|error| error.to_string())
        })
    }
}

async fn in_time<T, E: Into<Error>>(call: impl Future<Output = Result<T, E>>) -> Result<T, Error> {
    match timeout(Duration::from_millis(CALL_MS_MAX), call).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(Error::Slow("PostgreSQL")),
    }
}
