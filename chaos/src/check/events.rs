//! What the broker passed on and the notifier recorded, against the journal.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Evidence, split_time};
use crate::model::JournalRow;
use crate::moment::microseconds;
use crate::rule::{Rule, Violation};

pub(super) fn check(evidence: &Evidence<'_>, violations: &mut Vec<Violation>) {
    let mut violate = |rule, detail: String| violations.push(Violation::new(rule, detail));
    let mut event_of: HashMap<Uuid, Uuid> = HashMap::new();
    let mut bodies: HashMap<Uuid, &Value> = HashMap::new();
    let mut versions: HashMap<Uuid, i64> = HashMap::new();
    for delivery in evidence.heard {
        let body = &delivery.body;
        let (Some(id), Some(subject)) = (uuid(&body["id"]), uuid(&body["subject"])) else {
            violate(Rule::EventOnce, format!("no event: {body}"));
            continue;
        };
        if let Some(first) = bodies.get(&id) {
            if *first != body {
                violate(
                    Rule::EventIsTheRow,
                    format!("event {id} in two forms: {first} and {body}"),
                );
            }
            continue;
        }
        bodies.insert(id, body);
        if let Some(other) = event_of.insert(subject, id) {
            violate(
                Rule::EventOnce,
                format!("transfer {subject} has the events {other} and {id}"),
            );
        }
        match evidence.books.journal.get(&subject) {
            None => violate(Rule::EventOnce, format!("no row: {body}")),
            Some(row) => {
                if !tells(body, row) {
                    violate(Rule::EventIsTheRow, format!("{body} and {row:?}"));
                }
                in_order(row, &mut versions, delivery.is_redelivered, &mut violate);
            }
        }
    }
    if evidence.books.unpublished > 0 {
        let detail = format!("{} events stay", evidence.books.unpublished);
        violate(Rule::EventsDrain, detail);
    }
    for id in evidence.books.journal.keys() {
        if !event_of.contains_key(id) {
            violate(Rule::EventMissing, format!("transfer {id}"));
        }
    }
    notifications(evidence, &event_of, &mut violate);
}

/// Whether an event's content is the row's.
fn tells(body: &Value, row: &JournalRow) -> bool {
    let status = if row.is_posted() {
        "posted"
    } else {
        "rejected"
    };
    let (mut data, moment) = split_time(body["data"].clone(), "created_at");
    let mut expected = json!({
        "transfer_id": row.id.to_string(), "status": status,
        "reason": (!row.is_posted()).then_some(&row.outcome),
        "source_id": row.source_id.to_string(), "target_id": row.target_id.map(|id| id.to_string()),
        "amount": row.amount, "currency": row.currency,
        "source_version": row.source_version, "source_balance": row.source_balance,
        "target_version": row.target_version, "target_balance": row.target_balance,
        "reference": row.reference, "metadata": row.metadata,
    });
    let mut moments_fit = true;
    if !row.terms.is_null() || !row.effect.is_null() {
        let more = more(row);
        if let (Some(expected), Some(more)) = (expected.as_object_mut(), more.as_object()) {
            expected.extend(more.clone());
        }
        for name in ["source_held_until", "target_held_until", "hold_expires_at"] {
            let (rest, moment_us) = split_time(data, name);
            data = rest;
            moments_fit &= moment_us == microseconds(&row.effect[name]);
        }
    }
    let name = match (row.is_posted(), row.kind()) {
        (true, Some("hold")) => "hold.authorised",
        (true, Some("adjustment")) => "hold.adjusted",
        (true, Some("release")) => "hold.released",
        (true, Some("expiry")) => "hold.expired",
        (true, _) => "transfer.posted",
        (false, _) => "transfer.rejected",
    };
    data == expected
        && moments_fit
        && moment == Some(row.created_at_us)
        && body["type"] == format!("remit.{name}")
        && body["source"] == "/ledgers/1"
}

/// What an event tells beyond a transfer's, but for its moments.
pub(super) fn more(row: &JournalRow) -> Value {
    let is_reversal = row.kind() == Some("reversal");
    let subject = row.subject().map(|id| id.to_string());
    let held = |name: &str| row.effect[name].as_i64().unwrap_or(0);
    // A hold that was refused is none.
    let of_hold = row.is_of_hold() && (row.is_posted() || row.kind() != Some("hold"));
    json!({
        "kind": row.kind(),
        "hold_id": of_hold.then(|| subject.clone().unwrap_or(row.id.to_string())),
        "reverses_id": subject.filter(|_| is_reversal), "group_id": row.terms["group_id"],
        "amount_asked": row.amount_asked,
        "source_held": held("source_held"), "target_held": held("target_held"),
        "hold_amount": row.effect["hold_amount"], "hold_captured": row.effect["hold_captured"],
        "hold_remaining": row.effect["hold_remaining"],
    })
}

/// First deliveries rise with the versions of each wallet.
///
/// A redelivery is not the first, though nobody saw that one: the tap's connection ended with it.
/// After a restart the broker may hand such messages out after newer ones. There are never more of
/// them than the tap may have in hand.
fn in_order(
    row: &JournalRow,
    versions: &mut HashMap<Uuid, i64>,
    is_redelivered: bool,
    violate: &mut impl FnMut(Rule, String),
) {
    for (wallet_id, version) in sides(row) {
        let last = versions.entry(wallet_id).or_default();
        if version <= *last && !is_redelivered {
            let detail = format!("wallet {wallet_id}: version {version} after {last}");
            violate(Rule::EventsInOrder, detail);
        }
        *last = version.max(*last);
    }
}

/// The wallets that a row concerns, and their versions after it.
fn sides(row: &JournalRow) -> impl Iterator<Item = (Uuid, i64)> {
    let sides = [
        (Some(row.source_id), row.source_version),
        (row.target_id, row.target_version),
    ];
    let posted = |(wallet_id, version): (Option<Uuid>, Option<i64>)| Some((wallet_id?, version?));
    sides.into_iter().filter_map(posted)
}

fn notifications(
    evidence: &Evidence<'_>,
    event_of: &HashMap<Uuid, Uuid>,
    violate: &mut impl FnMut(Rule, String),
) {
    let mut notified = HashSet::new();
    for (event_id, subject) in &evidence.books.notifications {
        if !notified.insert(*subject) {
            violate(Rule::NotifiedOnce, format!("transfer {subject} twice"));
        }
        // What the tap missed is a violation of its own.
        let fits = event_of.get(subject).is_none_or(|event| event == event_id)
            && evidence.books.journal.contains_key(subject);
        if !fits {
            violate(
                Rule::NotifiedOnce,
                format!("event {event_id} of {subject} is unknown"),
            );
        }
    }
    for id in evidence.books.journal.keys() {
        if !notified.contains(id) {
            violate(Rule::NotifiedOnce, format!("transfer {id} never"));
        }
    }
}

fn uuid(value: &Value) -> Option<Uuid> {
    value.as_str()?.parse().ok()
}
