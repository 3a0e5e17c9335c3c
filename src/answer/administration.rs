//! The bodies of keys, ledgers and limits.

use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{optional_rfc3339, rfc3339, to_json};
use crate::contract::{KeyCreated, KeyResult, LedgerCreated, LedgerResult, WalletLimits};

/// A key, without its text.
#[derive(Serialize)]
pub struct KeyBody<'a> {
    id: Uuid,
    name: &'a str,
    scope: &'static str,
    user_id: Option<Uuid>,
    #[serde(serialize_with = "rfc3339")]
    created_at: OffsetDateTime,
    #[serde(serialize_with = "optional_rfc3339")]
    expires_at: Option<OffsetDateTime>,
    #[serde(serialize_with = "optional_rfc3339")]
    revoked_at: Option<OffsetDateTime>,
}

impl<'a> From<&'a KeyResult> for KeyBody<'a> {
    fn from(key: &'a KeyResult) -> Self {
        Self {
            id: key.id,
            name: &key.name,
            scope: key.scope.name(),
            user_id: key.user_id,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
        }
    }
}

/// A new key with its text, which is shown this once.
pub fn key_created(key: &KeyCreated) -> Vec<u8> {
    #[derive(Serialize)]
    struct Body<'a> {
        id: Uuid,
        name: &'a str,
        scope: &'static str,
        user_id: Option<Uuid>,
        #[serde(serialize_with = "rfc3339")]
        created_at: OffsetDateTime,
        #[serde(serialize_with = "optional_rfc3339")]
        expires_at: Option<OffsetDateTime>,
        key: &'a str,
    }
    to_json(&Body {
        id: key.id,
        name: &key.name,
        scope: key.scope.name(),
        user_id: key.user_id,
        created_at: key.created_at,
        expires_at: key.expires_at,
        key: key.secret.reveal(),
    })
}

/// A ledger.
#[derive(Serialize)]
pub struct LedgerBody<'a> {
    id: i64,
    name: &'a str,
    #[serde(serialize_with = "rfc3339")]
    created_at: OffsetDateTime,
}

impl<'a> From<&'a LedgerResult> for LedgerBody<'a> {
    fn from(ledger: &'a LedgerResult) -> Self {
        Self {
            id: ledger.id,
            name: &ledger.name,
            created_at: ledger.created_at,
        }
    }
}

/// A new ledger with its first key, whose text is shown this once.
pub fn ledger_created(ledger: &LedgerCreated) -> Vec<u8> {
    #[derive(Serialize)]
    struct Body<'a> {
        id: i64,
        name: &'a str,
        #[serde(serialize_with = "rfc3339")]
        created_at: OffsetDateTime,
        key: FirstKey<'a>,
    }
    #[derive(Serialize)]
    struct FirstKey<'a> {
        id: Uuid,
        key: &'a str,
    }
    to_json(&Body {
        id: ledger.id,
        name: &ledger.name,
        created_at: ledger.created_at,
        key: FirstKey {
            id: ledger.key_id,
            key: ledger.secret.reveal(),
        },
    })
}

/// A wallet's limits in minor units. None is no limit, and what was spent counts only where there is one.
#[derive(Serialize)]
pub struct LimitsBody {
    transfer_max: Option<i64>,
    daily_max: Option<i64>,
    daily_spent: Option<i64>,
}

impl From<&WalletLimits> for LimitsBody {
    fn from(limits: &WalletLimits) -> Self {
        Self {
            transfer_max: limits.transfer_max,
            daily_max: limits.daily_max,
            daily_spent: limits.daily_spent,
        }
    }
}
