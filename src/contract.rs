//! The SQL contract: every query of the server, and the Rust mirrors of the SQL types it uses.
//!
//! A composite type mirrors as a struct with the same fields in the same order, an enum as an enum, a
//! function as an async function of the same name. `check` holds them against the database.

use deadpool_postgres::Client;
use postgres_types::{FromSql, ToSql, Type};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::database::{Database, Parameters};
use crate::postgres;
use crate::problem::Failure;

mod types;

pub use types::*;

/// A query: its text, and whether its parameters and its one column have the types of their mirrors.
struct Query {
    text: &'static str,
    takes: &'static [fn(&Type) -> bool],
    gives: fn(&Type) -> bool,
}

const USER_CREATE: Query = Query {
    text: "select remit_v1.user_create($1, $2)",
    takes: &[i64_to_sql, <UserRequest as ToSql>::accepts],
    gives: <UserResult as FromSql>::accepts,
};
const USER_GET: Query = Query {
    text: "select remit_v1.user_get($1, $2)",
    takes: &[i64_to_sql, uuid_to_sql],
    gives: <UserResult as FromSql>::accepts,
};
const WALLET_CREATE: Query = Query {
    text: "select remit_v1.wallet_create($1, $2)",
    takes: &[i64_to_sql, <WalletRequest as ToSql>::accepts],
    gives: <WalletResult as FromSql>::accepts,
};
const WALLETS_GET: Query = Query {
    text: "select w from remit_v1.wallets_get($1, $2) w",
    takes: &[i64_to_sql, <Vec<Uuid> as ToSql>::accepts],
    gives: <WalletResult as FromSql>::accepts,
};
const WALLET_LIST: Query = Query {
    text: "select w from remit_v1.wallet_list($1, $2, $3, $4, $5) w",
    takes: &[
        i64_to_sql,
        uuid_to_sql,
        <OffsetDateTime as ToSql>::accepts,
        uuid_to_sql,
        <i32 as ToSql>::accepts,
    ],
    gives: <WalletResult as FromSql>::accepts,
};
const ENTRY_LIST: Query = Query {
    text: "select e from remit_v1.entry_list($1, $2, $3, $4) e",
    takes: &[i64_to_sql, uuid_to_sql, i64_to_sql, <i32 as ToSql>::accepts],
    gives: <Entry as FromSql>::accepts,
};
const TRANSFERS_POST: Query = Query {
    text: "select t from remit_v1.transfers_post($1, $2) t",
    takes: &[i64_to_sql, <Vec<TransferRequest> as ToSql>::accepts],
    gives: <TransferResult as FromSql>::accepts,
};
const TRANSFER_GET: Query = Query {
    text: "select remit_v1.transfer_get($1, $2)",
    takes: &[i64_to_sql, uuid_to_sql],
    gives: <TransferResult as FromSql>::accepts,
};
const OUTBOX_LAG: Query = Query {
    text: "select remit_v1.outbox_lag()",
    takes: &[],
    gives: <OutboxLag as FromSql>::accepts,
};
const QUERIES: [Query; 9] = [
    USER_CREATE,
    USER_GET,
    WALLET_CREATE,
    WALLETS_GET,
    WALLET_LIST,
    ENTRY_LIST,
    TRANSFERS_POST,
    TRANSFER_GET,
    OUTBOX_LAG,
];

const ADVICE: &str = "run `remit migrate` of the same version";

fn i64_to_sql(sql: &Type) -> bool {
    <i64 as ToSql>::accepts(sql)
}

fn uuid_to_sql(sql: &Type) -> bool {
    <Uuid as ToSql>::accepts(sql)
}

type Result<T> = std::result::Result<T, Failure>;

pub async fn user_create(
    database: &Database,
    ledger_id: i64,
    request: &UserRequest,
) -> Result<UserResult> {
    one(database, &USER_CREATE, &[&ledger_id, request]).await
}

pub async fn user_get(database: &Database, ledger_id: i64, user_id: Uuid) -> Result<UserResult> {
    one(database, &USER_GET, &[&ledger_id, &user_id]).await
}

pub async fn wallet_create(
    database: &Database,
    ledger_id: i64,
    request: &WalletRequest,
) -> Result<WalletResult> {
    one(database, &WALLET_CREATE, &[&ledger_id, request]).await
}

pub async fn wallets_get(
    database: &Database,
    ledger_id: i64,
    wallet_ids: &[Uuid],
) -> Result<Vec<WalletResult>> {
    all(database, &WALLETS_GET, &[&ledger_id, &wallet_ids]).await
}

pub async fn wallet_list(
    database: &Database,
    ledger_id: i64,
    user_id: Uuid,
    after: Option<(OffsetDateTime, Uuid)>,
    limit: i32,
) -> Result<Vec<WalletResult>> {
    let (created_at, id) = after.unzip();
    all(
        database,
        &WALLET_LIST,
        &[&ledger_id, &user_id, &created_at, &id, &limit],
    )
    .await
}

pub async fn entry_list(
    database: &Database,
    ledger_id: i64,
    wallet_id: Uuid,
    before_version: Option<i64>,
    limit: i32,
) -> Result<Vec<Entry>> {
    all(
        database,
        &ENTRY_LIST,
        &[&ledger_id, &wallet_id, &before_version, &limit],
    )
    .await
}

pub async fn transfers_post(
    database: &Database,
    ledger_id: i64,
    requests: &[TransferRequest],
) -> Result<Vec<TransferResult>> {
    all(database, &TRANSFERS_POST, &[&ledger_id, &requests]).await
}

pub async fn transfer_get(
    database: &Database,
    ledger_id: i64,
    transfer_id: Uuid,
) -> Result<TransferResult> {
    one(database, &TRANSFER_GET, &[&ledger_id, &transfer_id]).await
}

pub async fn outbox_lag(database: &Database) -> Result<OutboxLag> {
    one(database, &OUTBOX_LAG, &[]).await
}

/// Prepares every query and compares its types with their mirrors.
///
/// # Errors
/// The first query that the database refuses, or whose types differ.
pub async fn check(client: &Client) -> std::result::Result<(), String> {
    for query in &QUERIES {
        let statement = client.prepare_cached(query.text).await.map_err(|error| {
            let said = postgres::describe(&error);
            format!("{}: {said}; {ADVICE}", query.text)
        })?;
        let parameters = statement.params();
        let parameters_fit = parameters.len() == query.takes.len()
            && parameters
                .iter()
                .zip(query.takes)
                .all(|(sql, accepts)| accepts(sql));
        let column_fits = statement
            .columns()
            .iter()
            .all(|column| (query.gives)(column.type_()));
        if !parameters_fit || !column_fits {
            let differ = "the types in the database differ from this program's";
            return Err(format!("{}: {differ}; {ADVICE}", query.text));
        }
    }
    Ok(())
}

async fn one<T: for<'a> FromSql<'a>>(
    database: &Database,
    query: &Query,
    parameters: Parameters<'_>,
) -> Result<T> {
    let mut values = all(database, query, parameters).await?;
    let cause = || Failure::Unexpected(format!("no row: {}", query.text));
    values.pop().ok_or_else(cause)
}

async fn all<T: for<'a> FromSql<'a>>(
    database: &Database,
    query: &Query,
    parameters: Parameters<'_>,
) -> Result<Vec<T>> {
    let rows = database.query(query.text, parameters).await?;
    let values: std::result::Result<_, tokio_postgres::Error> =
        rows.iter().map(|row| row.try_get(0)).collect();
    values.map_err(|error| {
        let cause = format!("a value does not fit its mirror: {error}: {}", query.text);
        Failure::Unexpected(cause)
    })
}
