//! The bodies that are more than the JSON of a mirror. Pure: types in, bytes out.
//!
//! Amounts are minor units.

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::moment;
use crate::http::problem::{Code, Problem, internal};
use crate::types::{
    Hold, HoldStatus, LedgerCreated, TransferKind, TransferOutcome, TransferResult, WalletResult,
    WalletStatus,
};

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
    held: i64,
    #[serde(with = "moment::option")]
    held_until: Option<OffsetDateTime>,
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
            held: wallet.held,
            held_until: wallet.held_until,
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

/// A wallet's entity tag: its version, how often its status changed, and when the next of its holds
/// ends. Where one has ended, the rest is told before a new version is written.
pub fn wallet_etag(wallet: &WalletResult) -> String {
    let until = wallet.held_until.map(|until| {
        let microseconds = until.unix_timestamp_nanos() / 1_000;
        format!(".{microseconds}")
    });
    let until = until.unwrap_or_default();
    format!("\"{}.{}{until}\"", wallet.version, wallet.status_version)
}

/// A wallet and its open holds.
#[derive(Serialize)]
pub struct WalletHoldsBody<'a> {
    #[serde(flatten)]
    pub wallet: WalletBody<'a>,
    pub holds: &'a [Hold],
}

/// A row of the journal: a transfer, or what was done to a hold. What it is more than a transfer is
/// told where it is.
#[derive(Serialize)]
pub struct TransferBody<'a> {
    id: Option<Uuid>,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(flatten)]
    more: Option<MoreBody>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    reversed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reversal_ids: Option<&'a [Uuid]>,
}

/// What a row with terms says beyond a transfer.
#[derive(Serialize)]
struct MoreBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<TransferKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_captured: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_remaining: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reverses_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_asked: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_held: Option<i64>,
}

impl MoreBody {
    fn of(transfer: &TransferResult) -> Option<Self> {
        let terms = transfer.terms.as_ref()?;
        let effect = transfer.effect.as_ref();
        let is_reversal = terms.kind == Some(TransferKind::Reversal);
        let is_of_hold = terms.kind.is_some() && !is_reversal;
        let is_posted = transfer.outcome == TransferOutcome::Posted;
        let hold = effect.filter(|_| is_of_hold && is_posted);
        Some(Self {
            kind: terms.kind,
            hold_id: terms.subject_id.or(transfer.id).filter(|_| is_of_hold),
            hold_amount: hold.and_then(|effect| effect.hold_amount),
            hold_captured: hold.and_then(|effect| effect.hold_captured),
            hold_remaining: hold.and_then(|effect| effect.hold_remaining),
            reverses_id: terms.subject_id.filter(|_| is_reversal),
            group_id: terms.group_id,
            amount_asked: transfer
                .amount_asked
                .filter(|_| terms.at_most == Some(true)),
            source_held: hold.map(|effect| effect.source_held.unwrap_or(0)),
        })
    }
}

impl<'a> From<&'a TransferResult> for TransferBody<'a> {
    fn from(transfer: &'a TransferResult) -> Self {
        let is_posted = transfer.outcome == TransferOutcome::Posted;
        Self {
            id: transfer.id,
            status: if is_posted { "posted" } else { "rejected" },
            reason: Code::of_outcome(transfer.outcome).map(Code::name),
            more: MoreBody::of(transfer),
            source_id: transfer.source_id,
            target_id: transfer.target_id,
            amount: transfer.amount,
            currency: transfer.currency.as_deref(),
            source_balance: transfer.source_balance,
            source_version: transfer.source_version,
            reference: transfer.reference.as_deref(),
            metadata: &transfer.metadata,
            created_at: transfer.created_at,
            reversed: transfer.reversed.filter(|_| is_posted),
            reversal_ids: transfer.reversal_ids.as_deref().filter(|_| is_posted),
        }
    }
}

/// A hold as its row of the journal made it: open, whatever has become of it.
///
/// # Errors
/// Those of `to_json`.
pub fn hold_created(transfer: &TransferResult) -> Result<Vec<u8>, Problem> {
    #[derive(Serialize)]
    struct Body<'a> {
        id: Option<Uuid>,
        status: HoldStatus,
        source_id: Option<Uuid>,
        target_id: Option<Uuid>,
        amount: Option<i64>,
        captured: i64,
        remaining: Option<i64>,
        currency: Option<&'a str>,
        #[serde(with = "moment::option")]
        expires_at: Option<OffsetDateTime>,
        source_version: Option<i64>,
        source_balance: Option<i64>,
        source_held: i64,
        reference: Option<&'a str>,
        metadata: &'a Value,
        #[serde(with = "moment::option")]
        created_at: Option<OffsetDateTime>,
    }
    let effect = transfer.effect.as_ref();
    to_json(&Body {
        id: transfer.id,
        status: HoldStatus::Open,
        source_id: transfer.source_id,
        target_id: transfer.target_id,
        amount: transfer.amount,
        captured: 0,
        remaining: transfer.amount,
        currency: transfer.currency.as_deref(),
        expires_at: effect.and_then(|effect| effect.hold_expires_at),
        source_version: transfer.source_version,
        source_balance: transfer.source_balance,
        source_held: effect.and_then(|effect| effect.source_held).unwrap_or(0),
        reference: transfer.reference.as_deref(),
        metadata: &transfer.metadata,
        created_at: transfer.created_at,
    })
}

/// The legs of a group, which are all posted or all rejected.
///
/// # Errors
/// Those of `to_json`.
pub fn group(id: Uuid, legs: &[TransferResult]) -> Result<Vec<u8>, Problem> {
    #[derive(Serialize)]
    struct Body<'a> {
        id: Uuid,
        status: &'a str,
        legs: Vec<TransferBody<'a>>,
    }
    let is_posted = legs
        .iter()
        .all(|leg| leg.outcome == TransferOutcome::Posted);
    to_json(&Body {
        id,
        status: if is_posted { "posted" } else { "rejected" },
        legs: legs.iter().map(TransferBody::from).collect(),
    })
}

/// The member of an item that a field of SQL is.
fn member(field: &str) -> &str {
    match field {
        "is_final" => "final",
        "source_version" => "if/source_version",
        "source_balance_min" => "if/source_balance_min",
        "target_balance_max" => "if/target_balance_max",
        field => field,
    }
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
            Some("expires_at" | "expires_in") => {
                "Allowed: a time to come, or 1 to 315360000 seconds; one of both."
            }
            Some("target_id") => "Required where the hold has no target, else the hold's or none.",
            Some("currency") => "Allowed: three capital letters.",
            Some("reference") => "Allowed: at most 200 characters.",
            Some("metadata") => "Allowed: a flat object of strings, at most 4 KiB.",
            _ => code.title(),
        },
        _ => code.title(),
    };
    let problem = match &result.field {
        // A subject is in the path, or has another name for each kind.
        Some(field) if field != "subject_id" => Problem {
            pointer: Some(format!("/{}", member(field))),
            ..Problem::new(code, detail)
        },
        _ => Problem::new(code, detail),
    };
    Some(Problem {
        transfer_id: result.created_at.and(result.id),
        ..problem
    })
}
