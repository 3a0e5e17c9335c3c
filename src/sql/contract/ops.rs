//! The queries of the operators' commands, and the mirrors of their SQL types.

use postgres_types::FromSql;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use tokio_postgres::{Client, Error, RowStream};

use super::query::queries;

queries! {
    for Client;
    all remit_ops_v1.log_head(ledger_id: Option<i64>) -> LogHead;
    all remit_ops_v1.log_check(ledger_id: i64, block: i64, hash: &[u8]) -> Violation;
    once remit_ops_v1.prune(ledger_id: i64, before: OffsetDateTime, row_limit: i32, reason: &str) -> Pruned;
}

/// `remit_ops_v1.violation`
#[derive(Debug, Clone, FromSql, Serialize)]
#[postgres(name = "violation")]
pub struct Violation {
    pub ledger_id: i64,
    pub rule: String,
    pub subject: String,
    pub detail: Value,
}

/// `remit_ops_v1.log_head`
#[derive(Debug, Clone, FromSql, Serialize, Deserialize)]
#[postgres(name = "log_head")]
pub struct LogHead {
    pub ledger_id: i64,
    pub block: i64,
    /// That of the last event.
    pub position: i64,
    #[serde(with = "hex")]
    pub hash: Vec<u8>,
    #[serde(with = "crate::base::moment")]
    pub created_at: OffsetDateTime,
}

/// `remit_ops_v1.pruned`
#[derive(Debug, Clone, Copy, Default, FromSql)]
#[postgres(name = "pruned")]
pub struct Pruned {
    pub notifications: i64,
    /// Blocks of the log.
    pub details: i64,
}

impl Pruned {
    pub fn add(&mut self, other: Self) {
        self.notifications += other.notifications;
        self.details += other.details;
    }

    pub fn is_nothing(&self) -> bool {
        self.notifications + self.details == 0
    }
}

/// Lets `verify` tell in notices how far it is.
pub async fn progress_ask(client: &Client) -> Result<(), Error> {
    client.batch_execute("set remit.progress = on").await
}

/// One violation a row, in the first column: there may be millions.
pub async fn verify(client: &Client, ledger_id: Option<i64>) -> Result<RowStream, Error> {
    let text = "select r from remit_ops_v1.verify($1) r";
    client.query_raw(text, [&ledger_id]).await
}
