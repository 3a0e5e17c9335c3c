//! What results say, and the errors of people's functions.

use serde_json::{Value, json};

use super::asks::Meant;
use super::faults::Fault;
use crate::answer::Answer;
use crate::call::Ask;

/// Whether the legs of each group stand side by side, all of them, and are one caller's.
pub(super) fn groups_are_whole(asks: &[Ask]) -> bool {
    let group = |ask: &Ask| {
        let terms = ask.terms.clone().unwrap_or_default();
        (terms.group_id, terms.group_place, terms.group_size)
    };
    let mut seen = Vec::new();
    let mut rest = asks;
    while let Some(first) = rest.first() {
        let size = match group(first) {
            (None, None, None) => 1,
            (Some(id), Some(1), Some(size)) if size >= 2 && !seen.contains(&id) => {
                seen.push(id);
                let legs = rest.iter().zip(1..=size);
                let are_legs = legs.clone().count() == usize::try_from(size).unwrap_or(0);
                let mut legs = legs;
                let fit = |(ask, place): (&Ask, i32)| {
                    group(ask) == (Some(id), Some(place), Some(size)) && ask.key == first.key
                };
                if !are_legs || !legs.all(fit) {
                    return false;
                }
                usize::try_from(size).unwrap_or(0)
            }
            _ => return false,
        };
        rest = &rest[size..];
    }
    true
}

/// The errors of what is not stored.
const CODES: [(&str, &str); 9] = [
    ("WL001", "invalid_field"),
    ("WL002", "wallet_not_found"),
    ("WL004", "transfer_not_found"),
    ("WL005", "idempotency_key_reused"),
    ("WL006", "same_wallet"),
    ("WL007", "wallet_busy"),
    ("WL016", "unauthenticated"),
    ("WL017", "forbidden"),
    ("WL019", "hold_not_found"),
];

pub(super) fn code_of(outcome: &Value) -> &'static str {
    let code = CODES.iter().find(|(_, name)| outcome == name);
    code.expect("it has one").0
}

/// The outcome behind an error.
pub(super) fn outcome_of(answer: &Answer) -> Option<&'static str> {
    let Answer::Refused(code, _) = answer else {
        return None;
    };
    CODES
        .iter()
        .find(|(of, _)| of == code)
        .map(|(_, outcome)| *outcome)
}

/// The field of an error; that of no field is the id.
pub(super) fn field_of(row: &Value) -> &'static str {
    let fields = [
        "*",
        "kind",
        "subject_id",
        "source_id",
        "target_id",
        "amount",
        "currency",
        "reference",
        "metadata",
        "is_final",
        "may_exceed",
        "at_most",
        "expires_at",
        "expires_in",
        "source_version",
        "source_balance_min",
        "target_balance_max",
    ];
    let field = fields.into_iter().find(|field| row["field"] == *field);
    field.unwrap_or("id")
}

/// Leaves out what a result says of a wallet that is not the caller's.
pub(super) fn hide(row: &mut Value, side: &str) {
    row[format!("{side}_version")] = Value::Null;
    row[format!("{side}_balance")] = Value::Null;
    clear(&mut row["effect"], &format!("{side}_held"));
    clear(&mut row["effect"], &format!("{side}_held_until"));
}

pub(super) fn clear(record: &mut Value, field: &str) {
    if let Some(value) = record.get_mut(field) {
        *value = Value::Null;
    }
}

/// The result of a request that left nothing behind: it repeats the request. What it says of
/// wallets and currency that follow from a subject is no part of the contract.
pub(super) fn unstored(ask: &Meant, (outcome, field): Fault) -> Value {
    let request = &ask.request;
    let has_terms = ask.terms.is_some();
    let free = |value: Value| if has_terms { json!("*") } else { value };
    json!({
        "id": request.id, "outcome": outcome, "field": (!field.is_empty()).then_some(field), "replayed": false,
        "source_id": free(json!(request.source_id)), "target_id": free(json!(request.target_id)),
        "amount": request.amount, "currency": free(json!(request.currency)),
        "source_version": null, "source_balance": null, "target_version": null, "target_balance": null,
        "reference": request.reference, "metadata": request.metadata.clone().unwrap_or_else(|| json!({})),
        "request_id": request.request_id, "created_at": null,
        "terms": ask.terms, "amount_asked": ask.asked(), "effect": null, "reversed": null, "reversal_ids": null,
    })
}

/// Whether an outcome is kept under the request's id.
pub(super) fn is_stored(outcome: &Value) -> bool {
    CODES.iter().all(|(_, unstored)| outcome != unstored)
}
