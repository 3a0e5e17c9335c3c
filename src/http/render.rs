//! The bodies that are more than the JSON of a mirror. Pure: types in, bytes out.
//!
//! Amounts are minor units.

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::moment;
use crate::http::problem::{Code, Problem, internal};
use crate::types::{LedgerCreated, TransferOutcome, TransferResult, WalletResult, WalletStatus};

/// Serializes a body.
///
/// # Errors
/// It holds what JSON does not take, such as a moment before the year 0, which only a database that
/// was tampered with has.
pub fn to_json(body: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(body).map_err(|error| internal(format!("no JSON: {error}")))
}

/// A new ledger with its first key, whose text is shown this once.
///
/// # Errors
/// Those of `to_json`.
pub fn ledger_created(ledger: &LedgerCreated) -> Result<Vec<u8>, Problem> {
    #[derive(Serialize)]
    struct Body<'a> {
        id: i64,
        name: &'a str,
        #[serde(with = "moment")]
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

/// A wallet.
#[derive(Serialize)]
pub struct WalletBody<'a> {
    pub id: Uuid,
    user_id: Option<Uuid>,
    currency: &'a str,
    balance: i64,
    available: i64,
    floor: Option<i64>,
    status: WalletStatus,
    version: i64,
    reference: Option<&'a str>,
    metadata: &'a Value,
    #[serde(with = "moment")]
    pub created_at: OffsetDateTime,
    #[serde(with = "moment")]
    updated_at: OffsetDateTime,
}

impl<'a> From<&'a WalletResult> for WalletBody<'a> {
    fn from(wallet: &'a WalletResult) -> Self {
        Self {
            id: wallet.id,
            user_id: wallet.user_id,
            currency: &wallet.currency,
            balance: wallet.balance,
            available: wallet.balance - wallet.held,
            floor: wallet.floor,
            status: wallet.status,
            version: wallet.version,
            reference: wallet.reference.as_deref(),
            metadata: &wallet.metadata,
            created_at: wallet.created_at,
            updated_at: wallet.updated_at,
        }
    }
}

/// A wallet's entity tag: it grows with every change, be it an entry or a change of status.
pub fn wallet_etag(wallet: &WalletResult) -> String {
    format!("\"{}\"", wallet.version + wallet.status_version)
}

/// A transfer that the journal has.
///
/// # Errors
/// Those of `to_json`.
pub fn transfer(transfer: &TransferResult) -> Result<Vec<u8>, Problem> {
    #[derive(Serialize)]
    struct Body<'a> {
        id: Option<Uuid>,
        status: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
        source_id: Option<Uuid>,
        target_id: Option<Uuid>,
        amount: Option<i64>,
        currency: Option<&'a str>,
        source_balance: Option<i64>,
        source_version: Option<i64>,
        reference: Option<&'a str>,
        metadata: &'a Value,
        #[serde(with = "moment::option")]
        created_at: Option<OffsetDateTime>,
    }
    let is_posted = transfer.outcome == TransferOutcome::Posted;
    to_json(&Body {
        id: transfer.id,
        status: if is_posted { "posted" } else { "rejected" },
        reason: Code::of_outcome(transfer.outcome).map(Code::name),
        source_id: transfer.source_id,
        target_id: transfer.target_id,
        amount: transfer.amount,
        currency: transfer.currency.as_deref(),
        source_balance: transfer.source_balance,
        source_version: transfer.source_version,
        reference: transfer.reference.as_deref(),
        metadata: &transfer.metadata,
        created_at: transfer.created_at,
    })
}

/// The problem that an outcome is, unless the transfer is posted.
pub fn refusal(result: &TransferResult) -> Option<Problem> {
    let code = Code::of_outcome(result.outcome)?;
    let detail = match code {
        Code::IdempotencyKeyReused => "Use a new key for a new request.",
        _ if result.outcome.is_stored() => {
            "This answer is final for its key. A new attempt needs a new key."
        }
        Code::InvalidField => match result.field.as_deref() {
            Some("amount") => "Allowed: 1 to 9007199254740991.",
            Some("currency") => "Allowed: three capital letters.",
            Some("reference") => "Allowed: at most 200 characters.",
            Some("metadata") => "Allowed: a flat object of strings, at most 4 KiB.",
            _ => code.title(),
        },
        _ => code.title(),
    };
    let problem = match &result.field {
        Some(field) => Problem::at(code, field, detail),
        None => Problem::new(code, detail),
    };
    Some(Problem {
        transfer_id: result.created_at.and(result.id),
        ..problem
    })
}
