//! The Rust mirrors of the SQL types: the same fields in the same order. Amounts are minor units.
//!
//! The JSON of a mirror is what it derives, and the word of an enum's value is the one of SQL.

use postgres_types::{FromSql, ToSql};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::{EnumString, IntoStaticStr, VariantArray};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{ApiKeyDigest, Secret, TransferKind};
use crate::base::moment;

/// 2^53 − 1, which every JSON client reads exactly. Amounts, balances and versions stay within it.
pub const EXACT_MAX: i64 = 9_007_199_254_740_991;

/// `remit_v1.key_scope`
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    FromSql,
    ToSql,
    Serialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[postgres(name = "key_scope", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
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
    pub key_sha256: ApiKeyDigest,
    pub key_id: Uuid,
    pub scope: KeyScope,
    /// The user to whom a key of the scope `user` is bound.
    pub user_id: Option<Uuid>,
    pub expires_at: Option<OffsetDateTime>,
}

impl Caller {
    /// Whether the things of this user are there for the caller. An issuance wallet has no user.
    pub fn sees(&self, user_id: Option<Uuid>) -> bool {
        self.scope != KeyScope::User || (user_id.is_some() && user_id == self.user_id)
    }
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
#[derive(Debug, Clone, FromSql, Serialize)]
#[postgres(name = "key_result")]
pub struct KeyResult {
    pub id: Uuid,
    pub name: String,
    pub scope: KeyScope,
    pub user_id: Option<Uuid>,
    #[serde(with = "moment")]
    pub created_at: OffsetDateTime,
    #[serde(with = "moment::option")]
    pub expires_at: Option<OffsetDateTime>,
    #[serde(with = "moment::option")]
    pub revoked_at: Option<OffsetDateTime>,
}

/// `remit_v1.key_created`
#[derive(Debug, Clone, FromSql, Serialize)]
#[postgres(name = "key_created")]
pub struct KeyCreated {
    pub id: Uuid,
    pub name: String,
    pub scope: KeyScope,
    pub user_id: Option<Uuid>,
    #[serde(with = "moment")]
    pub created_at: OffsetDateTime,
    #[serde(with = "moment::option")]
    pub expires_at: Option<OffsetDateTime>,
    #[serde(rename = "key", serialize_with = "Secret::reveal_to")]
    pub secret: Secret,
}

/// `remit_v1.ledger_result`
#[derive(Debug, Clone, FromSql, Serialize)]
#[postgres(name = "ledger_result")]
pub struct LedgerResult {
    pub id: i64,
    pub name: String,
    #[serde(with = "moment")]
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
#[derive(Debug, Clone, PartialEq, FromSql, Serialize, Deserialize)]
#[postgres(name = "user_result")]
pub struct UserResult {
    pub id: Uuid,
    pub name: String,
    pub email: Option<String>,
    pub reference: Option<String>,
    pub metadata: Value,
    #[serde(with = "moment")]
    pub created_at: OffsetDateTime,
    #[serde(skip)]
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
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromSql, Serialize, Deserialize, EnumString, IntoStaticStr,
)]
#[postgres(name = "wallet_status", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum WalletStatus {
    Active,
    Frozen,
}

/// `remit_v1.wallet_result`; amounts are minor units.
#[derive(Debug, Clone, PartialEq, FromSql, Serialize, Deserialize)]
#[postgres(name = "wallet_result")]
pub struct WalletResult {
    pub id: Uuid,
    pub user_id: Option<Uuid>,
    pub currency: String,
    pub balance: i64,
    pub held: i64,
    /// When the first of its holds ends, if one does.
    #[serde(with = "moment::option")]
    pub held_until: Option<OffsetDateTime>,
    pub floor: Option<i64>,
    pub status: WalletStatus,
    pub version: i64,
    pub status_version: i64,
    pub reference: Option<String>,
    pub metadata: Value,
    #[serde(with = "moment")]
    pub created_at: OffsetDateTime,
    #[serde(with = "moment")]
    pub updated_at: OffsetDateTime,
    #[serde(skip)]
    pub replayed: bool,
}

impl WalletResult {
    /// Whether PostgreSQL could have said so. What another store says of a wallet may be anything.
    pub fn is_possible(&self) -> bool {
        let amounts = [self.balance, self.held, self.floor.unwrap_or(0)];
        let versions = [self.version, self.status_version];
        let until = self.held_until.unwrap_or(self.created_at);
        let years = [self.created_at, self.updated_at, until].map(OffsetDateTime::year);
        amounts
            .iter()
            .all(|amount| (-EXACT_MAX..=EXACT_MAX).contains(amount))
            && versions
                .iter()
                .all(|version| (0..=EXACT_MAX).contains(version))
            && years.iter().all(|year| (0..=9_999).contains(year))
    }
}

/// `remit_v1.wallet_limits`; amounts are minor units, and none is no limit.
#[derive(Debug, Clone, FromSql, Serialize)]
#[postgres(name = "wallet_limits")]
pub struct WalletLimits {
    pub transfer_max: Option<i64>,
    pub daily_max: Option<i64>,
    pub daily_spent: Option<i64>,
}

/// `remit_v1.entry`; amounts are minor units, `amount` is signed.
#[derive(Debug, Clone, FromSql, Serialize)]
#[postgres(name = "entry")]
pub struct Entry {
    pub transfer_id: Uuid,
    pub version: i64,
    pub amount: i64,
    pub balance: i64,
    /// None: a hold without a target.
    pub counterparty_id: Option<Uuid>,
    pub reference: Option<String>,
    #[serde(with = "moment")]
    pub created_at: OffsetDateTime,
    /// None: a transfer.
    pub kind: Option<TransferKind>,
    pub held: i64,
}

/// `remit_v1.outbox_lag`
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "outbox_lag")]
pub struct OutboxLag {
    pub events: Option<i64>,
    pub oldest_at: Option<OffsetDateTime>,
    pub newest_at: Option<OffsetDateTime>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_bound_to_a_user_sees_his_things_alone() {
        let user = Uuid::from_u128(1);
        let mut caller = Caller {
            ledger_id: 1,
            key_sha256: ApiKeyDigest::of(""),
            key_id: Uuid::nil(),
            scope: KeyScope::User,
            user_id: Some(user),
            expires_at: None,
        };
        let users = [Some(user), Some(Uuid::from_u128(2)), None];
        assert_eq!(users.map(|id| caller.sees(id)), [true, false, false]);
        // SQL makes no such key. If there were one, it would see nothing.
        caller.user_id = None;
        assert_eq!(users.map(|id| caller.sees(id)), [false; 3]);
        caller.scope = KeyScope::Reader;
        assert_eq!(users.map(|id| caller.sees(id)), [true; 3]);
    }
}
