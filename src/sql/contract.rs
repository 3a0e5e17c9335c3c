//! The SQL contract: every query of the server. `check` compares them with the database.
//!
//! One line says all of a query: the SQL function, which has the Rust function's name, what it
//! takes and what it gives. The SQL function decides by the caller's key what the caller may see
//! and do.

use deadpool_postgres::Client;
use postgres_types::{FromSql, ToSql};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::complaint::Complaint;
use crate::sql::database::Database;
use crate::sql::failure::Failure;
use crate::sql::fault::describe;
use crate::types::*;

pub mod ops;
pub mod query;

use query::{Query, queries};

/// On whose behalf a function is called: of the caller with an API key, or, without a key, of the
/// session's own role. An operator on the command line has no key.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    pub ledger_id: i64,
    pub key: Option<&'a ApiKeyDigest>,
}

impl By<'_> {
    /// The session itself, on a ledger.
    pub fn session(ledger_id: i64) -> Self {
        Self {
            ledger_id,
            key: None,
        }
    }
}

impl<'a> From<&'a Caller> for By<'a> {
    fn from(caller: &'a Caller) -> Self {
        Self {
            ledger_id: caller.ledger_id,
            key: Some(&caller.key_sha256),
        }
    }
}

queries! {
    for Database;
    all remit_v1.keys_get(ledger_ids: &[i64], keys: &[ApiKeyDigest]) -> Caller;
    once remit_v1.key_create(by, request: &KeyRequest, reason: Option<&str>) -> KeyCreated;
    all remit_v1.key_list(by, after_at: Option<OffsetDateTime>, after_id: Option<Uuid>, limit: i32) -> KeyResult;
    one remit_v1.key_revoke(by, key_id: Uuid, reason: Option<&str>) -> KeyResult;
    once remit_v1.ledger_create(by, name: &str, reason: Option<&str>) -> LedgerCreated;
    one remit_v1.ledger_get(by) -> LedgerResult;
    one remit_v1.user_create(by, request: &UserRequest) -> UserResult;
    one remit_v1.user_get(by, user_id: Uuid) -> UserResult;
    one remit_v1.wallet_create(by, request: &WalletRequest) -> WalletResult;
    all remit_v1.wallet_list(by, user_id: Uuid, after_at: Option<OffsetDateTime>, after_id: Option<Uuid>, limit: i32) -> WalletResult;
    one remit_ops_v1.wallet_freeze(by, wallet_id: Uuid, reason: Option<&str>) -> WalletResult;
    one remit_ops_v1.wallet_unfreeze(by, wallet_id: Uuid, reason: Option<&str>) -> WalletResult;
    one remit_v1.wallet_limits_get(by, wallet_id: Uuid) -> WalletLimits;
    one remit_ops_v1.wallet_limits_set(by, wallet_id: Uuid, transfer_max: Option<i64>, daily_max: Option<i64>, reason: Option<&str>) -> WalletLimits;
    all remit_v1.entry_list(by, wallet_id: Uuid, before_version: Option<i64>, limit: i32) -> Entry;
    all remit_v1.transfers_post(ledger_id: i64, requests: &[&TransferRequest], keys: &[ApiKeyDigest]) -> TransferResult;
    all remit_v1.hold_list(by, wallet_id: Uuid, is_open: Option<bool>, before_version: Option<i64>, limit: i32) -> Hold;
    one remit_v1.wallet_holds_get(by, wallet_id: Uuid) -> WalletHolds;
    all remit_v1.group_get(by, group_id: Uuid) -> TransferResult;
    one remit_v1.transfer_get(by, transfer_id: Uuid) -> TransferResult;
    one remit_v1.events_get(by, after: i64, limit: i32, types: Option<&[String]>) -> EventPage;
    one remit_v1.event_position_at(by, moment: OffsetDateTime) -> i64;
    all remit_v1.log_positions(ledger_ids: &[i64]) -> i64;
    once remit_v1.webhook_create(by, request: &WebhookRequest, reason: Option<&str>) -> WebhookResult;
    all remit_v1.webhook_list(by) -> WebhookResult;
    one remit_v1.webhook_get(by, webhook_id: Uuid) -> WebhookResult;
    one remit_v1.webhook_update(by, webhook_id: Uuid, request: &WebhookRequest, members: &[WebhookMember], reason: Option<&str>) -> WebhookResult;
    once remit_v1.webhook_delete(by, webhook_id: Uuid, reason: Option<&str>) -> WebhookResult;
    once remit_v1.webhook_rotate(by, webhook_id: Uuid, reason: Option<&str>) -> WebhookResult;
    one remit_v1.webhook_ping(by, webhook_id: Uuid, reason: Option<&str>) -> WebhookResult;
    one remit_v1.webhook_enable(by, webhook_id: Uuid, reason: Option<&str>) -> WebhookResult;
    one remit_v1.webhook_replay(by, webhook_id: Uuid, from: OffsetDateTime, to: Option<OffsetDateTime>, types: Option<&[String]>, reason: Option<&str>) -> WebhookResult;
    all remit_v1.webhook_failure_list(by, webhook_id: Uuid, after_position: Option<i64>, limit: i32) -> WebhookFailure;
    one remit_v1.webhook_failure_retry(by, webhook_id: Uuid, position: i64, reason: Option<&str>) -> WebhookFailure;
    one remit_v1.outbox_lag() -> OutboxLag;
    one remit_ops_v1.cache_state() -> CacheState;
    one remit_ops_v1.standstill() -> Standstill;
    one remit_ops_v1.cache_close() -> CacheState;
    one remit_ops_v1.cache_open(closed_generation: i64, redis_id: &str) -> CacheState;
}

/// `cache_state` on a connection of the caller's own.
///
/// # Errors
/// PostgreSQL's, in its own words.
pub async fn cache_state_of(client: &Client) -> Result<CacheState, Complaint> {
    const QUERY: Query = Query {
        text: "select r from remit_ops_v1.cache_state() r",
        takes: &[],
        gives: <CacheState as FromSql>::accepts,
    };
    let session: &tokio_postgres::Client = client;
    QUERY.one(session, &[]).await
}

/// A row of nulls is no wallet.
const WALLETS_GET: Query = Query {
    text: "select case when r.id is not null then r end from remit_v1.wallets_get($1, $2, $3) r",
    takes: &[
        <i64 as ToSql>::accepts,
        <&[Uuid] as ToSql>::accepts,
        <&[ApiKeyDigest] as ToSql>::accepts,
    ],
    gives: <WalletResult as FromSql>::accepts,
};

/// For each id, in order, the wallet if there is one that the id's key may see.
pub async fn wallets_get(
    database: &Database,
    ledger_id: i64,
    wallet_ids: &[Uuid],
    keys: &[ApiKeyDigest],
) -> Result<Vec<Option<WalletResult>>, Failure> {
    let parameters: [&(dyn ToSql + Sync); 3] = [&ledger_id, &wallet_ids, &keys];
    WALLETS_GET.all(database, &parameters).await
}

/// With what a call that only posts transfers leaves out. A row of nulls is no terms.
const TRANSFERS_POST_WITH_MORE: Query = Query {
    text: "select r from remit_v1.transfers_post($1, $2, $3, $4, $5, $6) r",
    takes: &[
        <i64 as ToSql>::accepts,
        <&[&TransferRequest] as ToSql>::accepts,
        <&[ApiKeyDigest] as ToSql>::accepts,
        <Option<Vec<Option<&TransferTerms>>> as ToSql>::accepts,
        <bool as ToSql>::accepts,
        <Option<Vec<Option<&str>>> as ToSql>::accepts,
    ],
    gives: <TransferResult as FromSql>::accepts,
};

/// What a call of `transfers_post` posts: an element of each for each request.
pub struct TransfersCall<'a> {
    pub requests: Vec<&'a TransferRequest>,
    pub keys: Vec<ApiKeyDigest>,
    pub terms: Option<Vec<Option<&'a TransferTerms>>>,
    pub traceparents: Option<Vec<Option<&'a str>>>,
}

/// Posts requests of which some are more than a transfer or belong to a trace, or tries out what
/// would become of them.
pub async fn transfers_post_with_more(
    database: &Database,
    ledger_id: i64,
    call: &TransfersCall<'_>,
    is_dry_run: bool,
) -> Result<Vec<TransferResult>, Failure> {
    let parameters: [&(dyn ToSql + Sync); 6] = [
        &ledger_id,
        &call.requests,
        &call.keys,
        &call.terms,
        &is_dry_run,
        &call.traceparents,
    ];
    TRANSFERS_POST_WITH_MORE.all(database, &parameters).await
}

/// A row of nulls is no hold.
const HOLDS_GET: Query = Query {
    text: "select case when r.id is not null then r end from remit_v1.holds_get($1, array[$2::uuid], $3) r",
    takes: &[
        <i64 as ToSql>::accepts,
        <Uuid as ToSql>::accepts,
        <ApiKeyDigest as ToSql>::accepts,
    ],
    gives: <Hold as FromSql>::accepts,
};

/// A hold, if there is one that the caller may see.
pub async fn hold_get(
    database: &Database,
    caller: &Caller,
    hold_id: Uuid,
) -> Result<Option<Hold>, Failure> {
    let parameters: [&(dyn ToSql + Sync); 3] = [&caller.ledger_id, &hold_id, &caller.key_sha256];
    HOLDS_GET.one(database, &parameters).await
}

/// Prepares every query and compares its types with their mirrors.
///
/// # Errors
/// The first query that the database refuses, or whose types differ.
pub async fn check(client: &Client) -> Result<(), Complaint> {
    let others = [&WALLETS_GET, &TRANSFERS_POST_WITH_MORE, &HOLDS_GET];
    for query in QUERIES.iter().chain(others) {
        let statement = client.prepare_cached(query.text).await;
        let statement = statement.map_err(|error| query.differs(&describe(&error)));
        let checked = statement.and_then(|statement| query.check(&statement));
        checked.map_err(|misfit| Complaint::of_lines([misfit]))?;
    }
    Ok(())
}
