//! The Rust mirrors of the SQL types: the same fields in the same order. Amounts are minor units.

use postgres_types::{FromSql, ToSql};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{KeyDigest, Secret};

/// `remit_v1.key_scope`
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromSql, ToSql)]
#[postgres(name = "key_scope", rename_all = "snake_case")]
pub enum KeyScope {
    User,
    Reader,
    Service,
    Admin,
}

/// `remit_v1.caller`
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "caller")]
pub struct Caller {
    pub ledger_id: i64,
    pub key_sha256: KeyDigest,
    pub key_id: Uuid,
    pub scope: KeyScope,
    /// Whom a key of the scope `user` is bound to.
    pub user_id: Option<Uuid>,
    pub expires_at: Option<OffsetDateTime>,
}

/// `remit_v1.key_request`
#[derive(Debug, Clone, ToSql)]
#[postgres(name = "key_request")]
pub struct KeyRequest {
    pub name: String,
    pub scope: KeyScope,
    pub user_id: Option<Uuid>,
    pub expires_at: Option<OffsetDateTime>,
}

/// `remit_v1.key_result`
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "key_result")]
pub struct KeyResult {
    pub id: Uuid,
    pub name: String,
    pub scope: KeyScope,
    pub user_id: Option<Uuid>,
    pub created_at: OffsetDateTime,
    pub expires_at: Option<OffsetDateTime>,
    pub revoked_at: Option<OffsetDateTime>,
}

/// `remit_v1.key_created`
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "key_created")]
pub struct KeyCreated {
    pub id: Uuid,
    pub name: String,
    pub scope: KeyScope,
    pub user_id: Option<Uuid>,
    pub created_at: OffsetDateTime,
    pub expires_at: Option<OffsetDateTime>,
    pub secret: Secret,
}

/// `remit_v1.ledger_result`
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "ledger_result")]
pub struct LedgerResult {
    pub id: i64,
    pub name: String,
    pub created_at: OffsetDateTime,
}

/// `remit_v1.ledger_created`: with its first key, an admin's.
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "ledger_created")]
pub struct LedgerCreated {
    pub id: i64,
    pub name: String,
    pub created_at: OffsetDateTime,
    pub key_id: Uuid,
    pub secret: Secret,
}

/// `remit_v1.user_request`
#[derive(Debug, Clone, ToSql)]
#[postgres(name = "user_request")]
pub struct UserRequest {
    pub id: Option<Uuid>,
    pub name: String,
    pub email: Option<String>,
    pub reference: Option<String>,
    pub metadata: Option<Value>,
}

/// `remit_v1.user_result`
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "user_result")]
pub struct UserResult {
    pub id: Uuid,
    pub name: String,
    pub email: Option<String>,
    pub reference: Option<String>,
    pub metadata: Value,
    pub created_at: OffsetDateTime,
    pub replayed: bool,
}

/// `remit_v1.wallet_request`; amounts are minor units, and no floor is no limit.
#[derive(Debug, Clone, ToSql)]
#[postgres(name = "wallet_request")]
pub struct WalletRequest {
    pub id: Option<Uuid>,
    pub user_id: Uuid,
    pub currency: String,
    pub initial_balance: i64,
    pub floor: Option<i64>,
    pub reference: Option<String>,
    pub metadata: Option<Value>,
    pub request_id: String,
}

/// `remit_v1.wallet_status`
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromSql)]
#[postgres(name = "wallet_status", rename_all = "snake_case")]
pub enum WalletStatus {
    Active,
    Frozen,
}

impl WalletStatus {
    /// The word for it in JSON and in Redis.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Frozen => "frozen",
        }
    }

    /// The status of a word.
    pub fn of_name(name: &str) -> Option<Self> {
        let mut all = [Self::Active, Self::Frozen].into_iter();
        all.find(|status| status.name() == name)
    }
}

/// `remit_v1.wallet_result`; amounts are minor units.
#[derive(Debug, Clone, PartialEq, FromSql)]
#[postgres(name = "wallet_result")]
pub struct WalletResult {
    pub id: Uuid,
    pub user_id: Option<Uuid>,
    pub currency: String,
    pub balance: i64,
    pub held: i64,
    pub floor: Option<i64>,
    pub status: WalletStatus,
    pub version: i64,
    pub status_version: i64,
    pub reference: Option<String>,
    pub metadata: Value,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub replayed: bool,
}

/// `remit_v1.wallet_limits`; amounts are minor units, and none is no limit.
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "wallet_limits")]
pub struct WalletLimits {
    pub transfer_max: Option<i64>,
    pub daily_max: Option<i64>,
    pub daily_spent: Option<i64>,
}

/// `remit_v1.transfer_request`; the amount is in minor units.
#[derive(Debug, Clone, ToSql)]
#[postgres(name = "transfer_request")]
pub struct TransferRequest {
    pub id: Uuid,
    pub source_id: Uuid,
    pub target_id: Uuid,
    pub amount: i64,
    pub currency: Option<String>,
    pub reference: Option<String>,
    pub metadata: Option<Value>,
    pub request_id: String,
}

/// `remit_v1.transfer_outcome`
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromSql)]
#[postgres(name = "transfer_outcome", rename_all = "snake_case")]
pub enum TransferOutcome {
    Posted,
    InsufficientFunds,
    WalletFrozen,
    CurrencyMismatch,
    LimitExceeded,
    BalanceLimitExceeded,
    WalletNotFound,
    SameWallet,
    InvalidField,
    IdempotencyKeyReused,
    WalletBusy,
    Unauthenticated,
    Forbidden,
}

/// `remit_v1.transfer_result`; amounts are minor units.
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "transfer_result")]
pub struct TransferResult {
    pub id: Option<Uuid>,
    pub outcome: TransferOutcome,
    pub field: Option<String>,
    pub replayed: bool,
    pub source_id: Option<Uuid>,
    pub target_id: Option<Uuid>,
    pub amount: Option<i64>,
    pub currency: Option<String>,
    pub source_version: Option<i64>,
    pub source_balance: Option<i64>,
    pub target_version: Option<i64>,
    pub target_balance: Option<i64>,
    pub reference: Option<String>,
    pub metadata: Value,
    pub request_id: Option<String>,
    pub created_at: Option<OffsetDateTime>,
}

/// `remit_v1.entry`; amounts are minor units, `amount` is signed.
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "entry")]
pub struct Entry {
    pub transfer_id: Uuid,
    pub version: i64,
    pub amount: i64,
    pub balance: i64,
    pub counterparty_id: Uuid,
    pub reference: Option<String>,
    pub created_at: OffsetDateTime,
}

/// `remit_v1.outbox_lag`
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "outbox_lag")]
pub struct OutboxLag {
    pub events: Option<i64>,
    pub oldest_at: Option<OffsetDateTime>,
}
