//! One thing to post, as a body or an item of a body names it: a transfer, a hold, what is done to
//! one, or a reversal. Bodies of single requests and items of bulk and groups are read here alike.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::http::body::Fields;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::problem::{Code, Problem};
use crate::ledger::transfers_post::Item;
use crate::redis::answer_store::Place;
use crate::types::{Caller, TransferKind, TransferRequest, TransferResult, TransferTerms};

/// What an item is about, where the path or the item says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Subject {
    /// None: a transfer.
    pub kind: Option<TransferKind>,
    pub id: Option<Uuid>,
}

impl Subject {
    /// What an item of a bulk or a leg of a group says that it is.
    ///
    /// # Errors
    /// A kind that there is not, or a subject that is missing or malformed.
    pub fn of_item(fields: &mut Fields) -> Result<Self, Problem> {
        let kind = fields.optional_text("kind")?;
        let kind = match kind.as_deref() {
            None | Some("transfer") => return Ok(Self::default()),
            Some(kind) => kind
                .parse()
                .ok()
                .filter(|kind| *kind != TransferKind::Expiry),
        };
        let rule = "Allowed: transfer, hold, capture, adjustment, release, reversal.";
        let kind = kind.ok_or_else(|| Problem::at(Code::InvalidField, "kind", rule))?;
        let name = match kind {
            TransferKind::Hold => None,
            TransferKind::Reversal => Some("reverses_id"),
            _ => Some("hold_id"),
        };
        let id = name.map(|name| key(fields, name)).transpose()?;
        Ok(Self {
            kind: Some(kind),
            id,
        })
    }
}

/// The id that a member names: a UUID, or any idempotency key.
pub fn key(fields: &mut Fields, name: &str) -> Result<Uuid, Problem> {
    let text = fields.text(name)?;
    let key = IdempotencyKey::of_path(&text);
    let rule = "Allowed: an id or an idempotency key, 1 to 255 printable ASCII characters.";
    key.map(|key| key.id())
        .map_err(|_| Problem::at(Code::InvalidField, name, rule))
}

/// Reads what a kind takes, and refuses all other members. The id is the request's.
///
/// # Errors
/// A member that is missing, malformed or unknown.
pub fn read(
    mut fields: Fields,
    subject: Subject,
    id: Uuid,
    request_id: &str,
) -> Result<Item, Problem> {
    let kind = subject.kind;
    let terms = terms(&mut fields, subject)?;
    let names_wallets = matches!(kind, None | Some(TransferKind::Hold));
    let has_amount = match kind {
        None => terms.at_most.is_none(),
        kind => kind == Some(TransferKind::Hold),
    };
    let (mut source_id, mut target_id, mut amount, mut currency, mut metadata) = Default::default();
    if names_wallets {
        source_id = Some(fields.uuid("source_id")?);
        currency = fields.optional_text("currency")?;
    }
    match kind {
        None => target_id = Some(fields.uuid("target_id")?),
        Some(TransferKind::Hold | TransferKind::Capture) => {
            target_id = fields.optional_uuid("target_id")?;
        }
        _ => {}
    }
    if has_amount {
        amount = Some(fields.integer("amount")?);
    } else if kind != Some(TransferKind::Release) {
        amount = fields.optional_integer("amount")?;
    }
    if !matches!(kind, Some(TransferKind::Adjustment | TransferKind::Release)) {
        metadata = fields.metadata("metadata")?;
    }
    let request = TransferRequest {
        id,
        source_id,
        target_id,
        amount,
        currency,
        reference: fields.optional_text("reference")?,
        metadata,
        request_id: request_id.to_owned(),
    };
    fields.finish()?;
    let terms = Some(terms).filter(|terms| *terms != TransferTerms::default());
    Ok(Item { request, terms })
}

/// What a body asks for beyond a transfer.
fn terms(fields: &mut Fields, subject: Subject) -> Result<TransferTerms, Problem> {
    let mut terms = TransferTerms {
        kind: subject.kind,
        subject_id: subject.id,
        ..conditions(fields)?
    };
    match subject.kind {
        None | Some(TransferKind::Reversal) => {
            let at_most = fields.optional_boolean("at_most")?;
            terms.at_most = at_most.filter(|at_most| *at_most);
        }
        Some(TransferKind::Capture) => {
            terms.is_final = fields.optional_boolean("final")?;
            terms.may_exceed = fields.optional_boolean("may_exceed")?;
        }
        Some(TransferKind::Hold | TransferKind::Adjustment) => {
            terms.expires_at = fields.optional_moment("expires_at")?;
            let expires_in = fields.optional_integer("expires_in")?;
            terms.expires_in = expires_in.map(seconds).transpose()?;
        }
        _ => {}
    }
    Ok(terms)
}

/// The member `if`: what must be true, or the item is refused.
fn conditions(fields: &mut Fields) -> Result<TransferTerms, Problem> {
    let Some(mut fields) = fields.optional_object("if")? else {
        return Ok(TransferTerms::default());
    };
    let mut read = || {
        let terms = TransferTerms {
            source_version: fields.optional_integer("source_version")?,
            source_balance_min: fields.optional_integer("source_balance_min")?,
            target_balance_max: fields.optional_integer("target_balance_max")?,
            ..TransferTerms::default()
        };
        Ok(terms)
    };
    let terms = read().map_err(within_if)?;
    fields.finish().map_err(within_if)?;
    Ok(terms)
}

fn within_if(problem: Problem) -> Problem {
    Problem {
        pointer: problem.pointer.map(|member| format!("/if{member}")),
        ..problem
    }
}

fn seconds(value: i64) -> Result<i32, Problem> {
    let rule = "Allowed: 1 to 315360000 seconds.";
    i32::try_from(value).map_err(|_| Problem::at(Code::InvalidField, "expires_in", rule))
}

/// Where Redis keeps the answer: that of a transfer alone. What is more than one asks PostgreSQL.
pub fn place(item: &Item, caller: &Caller) -> Option<Place> {
    let is_transfer = item.terms.is_none();
    let place = || Place::new::<TransferResult>(caller, item.request.id, &content(&item.request));
    is_transfer.then(place)
}

/// What two requests with one idempotency key must have in common to be the same.
///
/// A currency that is left out in one of them makes them differ here. Then PostgreSQL judges.
fn content(transfer: &TransferRequest) -> Value {
    json!([
        transfer.source_id,
        transfer.target_id,
        transfer.amount,
        transfer.currency,
        transfer.reference,
        transfer.metadata
    ])
}
