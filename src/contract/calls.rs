//! The functions of the contract.

use time::OffsetDateTime;
use uuid::Uuid;

use super::query::Result;
use super::*;
use crate::database::{Database, Parameters};

/// The valid ones among keys, each given with its ledger.
pub async fn keys_get(
    database: &Database,
    ledger_ids: &[i64],
    keys: &[KeyDigest],
) -> Result<Vec<Caller>> {
    KEYS_GET.all(database, &[&ledger_ids, &keys]).await
}

/// Call it once only: it makes another key each time.
pub async fn key_create(
    database: &Database,
    ledger_id: i64,
    request: &KeyRequest,
    reason: Option<&str>,
    key: Option<&KeyDigest>,
) -> Result<KeyCreated> {
    KEY_CREATE
        .one_once(database, &[&ledger_id, request, &reason, &key])
        .await
}

pub async fn key_list(
    database: &Database,
    ledger_id: i64,
    after: Option<(OffsetDateTime, Uuid)>,
    limit: i32,
    key: Option<&KeyDigest>,
) -> Result<Vec<KeyResult>> {
    let (created_at, id) = after.unzip();
    KEY_LIST
        .all(database, &[&ledger_id, &created_at, &id, &limit, &key])
        .await
}

pub async fn key_revoke(
    database: &Database,
    ledger_id: i64,
    key_id: Uuid,
    reason: Option<&str>,
    key: Option<&KeyDigest>,
) -> Result<KeyResult> {
    KEY_REVOKE
        .one(database, &[&ledger_id, &key_id, &reason, &key])
        .await
}

/// Call it once only: it makes another ledger each time.
pub async fn ledger_create(
    database: &Database,
    caller: &Caller,
    name: &str,
    reason: Option<&str>,
) -> Result<LedgerCreated> {
    LEDGER_CREATE
        .one_once(
            database,
            &[&caller.ledger_id, &name, &reason, &caller.key_sha256],
        )
        .await
}

pub async fn ledger_get(database: &Database, caller: &Caller) -> Result<LedgerResult> {
    LEDGER_GET
        .one(database, &[&caller.ledger_id, &caller.key_sha256])
        .await
}

pub async fn user_create(
    database: &Database,
    caller: &Caller,
    request: &UserRequest,
) -> Result<UserResult> {
    USER_CREATE
        .one(database, &[&caller.ledger_id, request, &caller.key_sha256])
        .await
}

pub async fn user_get(database: &Database, caller: &Caller, user_id: Uuid) -> Result<UserResult> {
    USER_GET
        .one(database, &[&caller.ledger_id, &user_id, &caller.key_sha256])
        .await
}

pub async fn wallet_create(
    database: &Database,
    caller: &Caller,
    request: &WalletRequest,
) -> Result<WalletResult> {
    WALLET_CREATE
        .one(database, &[&caller.ledger_id, request, &caller.key_sha256])
        .await
}

/// For each id, in order, the wallet if there is one that the id's key may see.
pub async fn wallets_get(
    database: &Database,
    ledger_id: i64,
    wallet_ids: &[Uuid],
    keys: &[KeyDigest],
) -> Result<Vec<Option<WalletResult>>> {
    WALLETS_GET
        .all(database, &[&ledger_id, &wallet_ids, &keys])
        .await
}

pub async fn wallet_list(
    database: &Database,
    caller: &Caller,
    user_id: Uuid,
    after: Option<(OffsetDateTime, Uuid)>,
    limit: i32,
) -> Result<Vec<WalletResult>> {
    let (created_at, id) = after.unzip();
    let (ledger_id, key) = (caller.ledger_id, &caller.key_sha256);
    WALLET_LIST
        .all(
            database,
            &[&ledger_id, &user_id, &created_at, &id, &limit, key],
        )
        .await
}

pub async fn wallet_freeze(
    database: &Database,
    caller: &Caller,
    wallet_id: Uuid,
    reason: Option<&str>,
) -> Result<WalletResult> {
    let (ledger_id, key) = (caller.ledger_id, &caller.key_sha256);
    WALLET_FREEZE
        .one(database, &[&ledger_id, &wallet_id, &reason, key])
        .await
}

pub async fn wallet_unfreeze(
    database: &Database,
    caller: &Caller,
    wallet_id: Uuid,
    reason: Option<&str>,
) -> Result<WalletResult> {
    let (ledger_id, key) = (caller.ledger_id, &caller.key_sha256);
    WALLET_UNFREEZE
        .one(database, &[&ledger_id, &wallet_id, &reason, key])
        .await
}

pub async fn wallet_limits_get(
    database: &Database,
    caller: &Caller,
    wallet_id: Uuid,
) -> Result<WalletLimits> {
    let (ledger_id, key) = (caller.ledger_id, &caller.key_sha256);
    WALLET_LIMITS_GET
        .one(database, &[&ledger_id, &wallet_id, key])
        .await
}

/// Both are minor units; none is no limit.
pub async fn wallet_limits_set(
    database: &Database,
    caller: &Caller,
    wallet_id: Uuid,
    transfer_max: Option<i64>,
    daily_max: Option<i64>,
    reason: Option<&str>,
) -> Result<WalletLimits> {
    let (ledger_id, key) = (caller.ledger_id, &caller.key_sha256);
    let limits: Parameters = &[
        &ledger_id,
        &wallet_id,
        &transfer_max,
        &daily_max,
        &reason,
        key,
    ];
    WALLET_LIMITS_SET.one(database, limits).await
}

pub async fn entry_list(
    database: &Database,
    caller: &Caller,
    wallet_id: Uuid,
    before_version: Option<i64>,
    limit: i32,
) -> Result<Vec<Entry>> {
    let (ledger_id, key) = (caller.ledger_id, &caller.key_sha256);
    ENTRY_LIST
        .all(
            database,
            &[&ledger_id, &wallet_id, &before_version, &limit, key],
        )
        .await
}

pub async fn transfers_post(
    database: &Database,
    ledger_id: i64,
    requests: &[TransferRequest],
    keys: &[KeyDigest],
) -> Result<Vec<TransferResult>> {
    TRANSFERS_POST
        .all(database, &[&ledger_id, &requests, &keys])
        .await
}

pub async fn transfer_get(
    database: &Database,
    caller: &Caller,
    transfer_id: Uuid,
) -> Result<TransferResult> {
    let (ledger_id, key) = (caller.ledger_id, &caller.key_sha256);
    TRANSFER_GET
        .one(database, &[&ledger_id, &transfer_id, key])
        .await
}

pub async fn outbox_lag(database: &Database) -> Result<OutboxLag> {
    OUTBOX_LAG.one(database, &[]).await
}
