//! The Rust mirrors of what is posted: transfers, holds, and what they come to. Amounts are minor
//! units.

use postgres_types::{FromSql, ToSql};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::{EnumString, IntoStaticStr};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::moment;
use crate::types::WalletResult;

/// `remit_v1.transfer_request`; the amount is in minor units. What is left out follows from the
/// terms.
#[derive(Debug, Clone, ToSql)]
#[postgres(name = "transfer_request")]
pub struct TransferRequest {
    pub id: Uuid,
    pub source_id: Option<Uuid>,
    pub target_id: Option<Uuid>,
    pub amount: Option<i64>,
    pub currency: Option<String>,
    pub reference: Option<String>,
    pub metadata: Option<Value>,
    pub request_id: String,
}

/// `remit_v1.transfer_kind`: what a row of the journal is that is no transfer.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    FromSql,
    ToSql,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
)]
#[postgres(name = "transfer_kind", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum TransferKind {
    Hold,
    Capture,
    Adjustment,
    Release,
    Expiry,
    Reversal,
}

/// `remit_v1.transfer_terms`: what is asked for beyond a transfer. Amounts are minor units.
#[derive(Debug, Clone, Default, PartialEq, FromSql, ToSql, Serialize, Deserialize)]
#[postgres(name = "transfer_terms")]
pub struct TransferTerms {
    pub kind: Option<TransferKind>,
    /// The hold, or the transfer that is reversed.
    pub subject_id: Option<Uuid>,
    pub is_final: Option<bool>,
    pub may_exceed: Option<bool>,
    pub at_most: Option<bool>,
    #[serde(with = "moment::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// Seconds.
    pub expires_in: Option<i32>,
    pub group_id: Option<Uuid>,
    pub group_place: Option<i32>,
    pub group_size: Option<i32>,
    pub source_version: Option<i64>,
    pub source_balance_min: Option<i64>,
    pub target_balance_max: Option<i64>,
}

/// `remit_v1.transfer_effect`: what is held after a row. Amounts are minor units.
#[derive(Debug, Clone, Default, PartialEq, FromSql, Serialize, Deserialize)]
#[postgres(name = "transfer_effect")]
pub struct TransferEffect {
    pub source_held: Option<i64>,
    #[serde(with = "moment::option")]
    pub source_held_until: Option<OffsetDateTime>,
    pub target_held: Option<i64>,
    #[serde(with = "moment::option")]
    pub target_held_until: Option<OffsetDateTime>,
    pub hold_amount: Option<i64>,
    pub hold_captured: Option<i64>,
    pub hold_remaining: Option<i64>,
    #[serde(with = "moment::option")]
    pub hold_expires_at: Option<OffsetDateTime>,
    pub hold_before: Option<i64>,
}

/// `remit_v1.transfer_outcome`
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromSql, Serialize, Deserialize, IntoStaticStr)]
#[postgres(name = "transfer_outcome", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum TransferOutcome {
    Posted,
    InsufficientFunds,
    WalletFrozen,
    CurrencyMismatch,
    LimitExceeded,
    BalanceLimitExceeded,
    HoldClosed,
    HoldExceeded,
    NotReversible,
    ReversalExceeded,
    ConditionFailed,
    GroupRefused,
    WalletNotFound,
    HoldNotFound,
    TransferNotFound,
    SameWallet,
    InvalidField,
    IdempotencyKeyReused,
    WalletBusy,
    Unauthenticated,
    Forbidden,
}

impl TransferOutcome {
    /// Whether the journal keeps it for retries. `remit.outcome_is_stored` is the same in SQL.
    pub fn is_stored(self) -> bool {
        match self {
            Self::Posted
            | Self::InsufficientFunds
            | Self::WalletFrozen
            | Self::CurrencyMismatch
            | Self::LimitExceeded
            | Self::BalanceLimitExceeded
            | Self::HoldClosed
            | Self::HoldExceeded
            | Self::NotReversible
            | Self::ReversalExceeded
            | Self::ConditionFailed
            | Self::GroupRefused => true,
            Self::WalletNotFound
            | Self::HoldNotFound
            | Self::TransferNotFound
            | Self::SameWallet
            | Self::InvalidField
            | Self::IdempotencyKeyReused
            | Self::WalletBusy
            | Self::Unauthenticated
            | Self::Forbidden => false,
        }
    }
}

/// `remit_v1.transfer_result`; amounts are minor units.
#[derive(Debug, Clone, FromSql, Serialize, Deserialize)]
#[postgres(name = "transfer_result")]
pub struct TransferResult {
    pub id: Option<Uuid>,
    pub outcome: TransferOutcome,
    pub field: Option<String>,
    #[serde(skip)]
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
    #[serde(with = "moment::option")]
    pub created_at: Option<OffsetDateTime>,
    pub terms: Option<TransferTerms>,
    pub amount_asked: Option<i64>,
    pub effect: Option<TransferEffect>,
    /// What was reversed of it, of which `transfer_get` alone tells.
    #[serde(skip)]
    pub reversed: Option<i64>,
    #[serde(skip)]
    pub reversal_ids: Option<Vec<Uuid>>,
}

/// `remit_v1.hold_status`
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromSql, Serialize)]
#[postgres(name = "hold_status", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum HoldStatus {
    Open,
    Captured,
    Released,
    Expired,
}

/// `remit_v1.hold`; amounts are minor units.
#[derive(Debug, Clone, FromSql, Serialize)]
#[postgres(name = "hold")]
pub struct Hold {
    pub id: Uuid,
    pub status: HoldStatus,
    pub source_id: Uuid,
    pub target_id: Option<Uuid>,
    pub currency: String,
    pub amount: i64,
    pub captured: i64,
    pub remaining: i64,
    #[serde(with = "moment::option")]
    pub expires_at: Option<OffsetDateTime>,
    pub reference: Option<String>,
    pub metadata: Value,
    /// The source's version that authorised it.
    pub created_version: i64,
    /// The source's version that changed it last.
    pub version: i64,
    #[serde(with = "moment")]
    pub created_at: OffsetDateTime,
    #[serde(with = "moment")]
    pub updated_at: OffsetDateTime,
}

/// `remit_v1.wallet_holds`
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "wallet_holds")]
pub struct WalletHolds {
    pub wallet: WalletResult,
    /// Those that are open, newest first.
    pub holds: Vec<Hold>,
}
