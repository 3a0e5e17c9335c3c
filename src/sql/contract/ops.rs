//! The queries of the operators' commands, and the mirrors of their SQL types.

use postgres_types::FromSql;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, RowStream};

const VERIFY: &str = "select v from remit_ops_v1.verify($1) v";
const CHAIN_HEAD: &str = "select h from remit_ops_v1.chain_head($1) h";
const CHAIN_CHECK: &str = "select v from remit_ops_v1.chain_check($1, $2, $3) v";

type Result<T> = std::result::Result<T, Error>;

/// `remit_ops_v1.violation`
#[derive(Debug, Clone, FromSql, Serialize)]
#[postgres(name = "violation")]
pub struct Violation {
    pub ledger_id: i64,
    pub rule: String,
    pub subject: String,
    pub detail: Value,
}

/// `remit_ops_v1.chain_head`
#[derive(Debug, Clone, FromSql, Serialize, Deserialize)]
#[postgres(name = "chain_head")]
pub struct ChainHead {
    pub ledger_id: i64,
    pub block: i64,
    pub transfers: i64,
    #[serde(with = "hex")]
    pub hash: Vec<u8>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// One violation a row, in the first column: there may be millions.
pub async fn verify(client: &Client, ledger_id: Option<i64>) -> Result<RowStream> {
    let parameters: [&(dyn ToSql + Sync); 1] = [&ledger_id];
    client.query_raw(VERIFY, parameters).await
}

pub async fn chain_head(client: &Client, ledger_id: Option<i64>) -> Result<Vec<ChainHead>> {
    let rows = client.query(CHAIN_HEAD, &[&ledger_id]).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

pub async fn chain_check(
    client: &Client,
    ledger_id: i64,
    block: i64,
    hash: &[u8],
) -> Result<Vec<Violation>> {
    let rows = client
        .query(CHAIN_CHECK, &[&ledger_id, &block, &hash])
        .await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}
