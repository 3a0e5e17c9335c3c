//! What HTTP says of a row of the journal.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Evidence, split_time};
use crate::history::Answer;
use crate::model::JournalRow;

/// A problem names code, transfer and the request that was decided. Its words are not the
/// journal's.
pub(super) fn is_rejection(answer: &Answer, row: &JournalRow) -> bool {
    let body = answer.json();
    answer.status == 422
        && body["status"] == 422
        && body["code"] == row.outcome
        && body["type"] == format!("/problems/{}", row.outcome)
        && body["transfer_id"] == row.id.to_string()
        && body["request_id"] == json!(row.request_id.as_deref().unwrap_or_default())
}

/// What HTTP says of a posted transfer, but for its time.
pub(super) fn transfer_body(row: &JournalRow) -> Value {
    json!({
        "id": row.id.to_string(), "status": "posted",
        "source_id": row.source_id.to_string(), "target_id": row.target_id.map(|id| id.to_string()),
        "amount": row.amount, "currency": row.currency,
        "source_balance": row.source_balance, "source_version": row.source_version,
        "reference": row.reference, "metadata": row.metadata,
    })
}

/// What HTTP says of a row, but for its time.
pub(super) fn body_of(row: &JournalRow) -> Value {
    let mut body = transfer_body(row);
    if row.is_of_hold() {
        body["kind"] = json!(row.kind());
        body["hold_id"] = json!(row.subject().unwrap_or(row.id).to_string());
        if !row.effect.is_null() {
            for name in ["hold_amount", "hold_captured", "hold_remaining"] {
                body[name] = row.effect[name].clone();
            }
            body["source_held"] = json!(row.effect["source_held"].as_i64().unwrap_or(0));
        }
    } else if row.kind().is_some() {
        body["kind"] = json!(row.kind());
        body["reverses_id"] = row.terms["subject_id"].clone();
    }
    if row.terms["at_most"] == true {
        body["amount_asked"] = json!(row.amount_asked);
    }
    if !row.terms["group_id"].is_null() {
        body["group_id"] = row.terms["group_id"].clone();
    }
    body
}

/// Whether GET /transfers/{key} tells a row, posted or rejected, and no reversal that there is not.
pub(super) fn is_seen(evidence: &Evidence<'_>, look: &Answer, row: Option<&JournalRow>) -> bool {
    let Some(row) = row else {
        return look.status == 404;
    };
    let (mut body, moment) = split_time(look.json(), "created_at");
    let mut expected = body_of(row);
    if !row.is_posted() {
        expected["status"] = json!("rejected");
        expected["reason"] = json!(row.outcome);
    }
    let ids = body["reversal_ids"].take();
    let ids = ids.as_array().map_or(&[][..], Vec::as_slice);
    let ids = ids.iter().filter_map(|id| id.as_str()?.parse().ok());
    let ids: Vec<Uuid> = ids.collect();
    let sum: i64 = ids
        .iter()
        .filter_map(|id| evidence.books.journal.get(id))
        .map(JournalRow::moved)
        .sum();
    // A rejected row has none, and may leave them out.
    if row.is_posted() || !body["reversed"].is_null() {
        expected["reversed"] = json!(sum);
    }
    expected["reversal_ids"] = Value::Null;
    let all = evidence.books.reversed.get(&row.id);
    let all = all.map_or(&[][..], |(_, ids)| ids.as_slice());
    look.status == 200
        && body == expected
        && moment == Some(row.created_at_us)
        && all.starts_with(&ids)
}
