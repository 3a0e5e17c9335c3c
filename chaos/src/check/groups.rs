//! What belongs together: the legs of a group, and a transfer with its reversals.

use std::collections::HashMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::bodies::body_of;
use super::items::{are_one, is_missing};
use super::{Evidence, split_time};
use crate::history::{Answer, Group};
use crate::model::JournalRow;
use crate::rule::{Rule, Violation};

pub(super) fn check(evidence: &Evidence<'_>, violations: &mut Vec<Violation>) {
    let mut violate = |rule, detail: String| violations.push(Violation::new(rule, detail));
    for (id, group) in &evidence.facts.groups {
        whole(evidence, *id, group, &mut violate);
    }
    reversals(evidence, &mut violate);
}

/// All legs are there, or none; all are posted, or one has a reason and the others its
/// consequence.
fn whole(evidence: &Evidence<'_>, id: Uuid, group: &Group, violate: &mut impl FnMut(Rule, String)) {
    let journal = &evidence.books.journal;
    let rows: Vec<_> = group.legs.iter().filter_map(|id| journal.get(id)).collect();
    let posted = rows.iter().filter(|row| row.is_posted()).count();
    let with_reason = |row: &&&JournalRow| !row.is_posted() && row.outcome != "group_refused";
    let reasons = rows.iter().filter(with_reason).count();
    let is_whole = rows.is_empty()
        || rows.len() == group.legs.len() && (posted == rows.len() || posted == 0 && reasons == 1);
    if !is_whole {
        violate(Rule::GroupsWhole, format!("group {id}: {rows:?}"));
    }
    if !are_one(&group.answers) {
        let detail = format!("group {id}: {:?}", group.answers);
        violate(Rule::AnswersIdentical, detail);
    }
    for answer in &group.answers {
        let detail = || format!("group {id}: {} {}, {rows:?}", answer.status, answer.body);
        match (answer.status, rows.is_empty()) {
            (201 | 422, true) => violate(Rule::AcknowledgedOnce, detail()),
            (404, true) => {
                if !group.legs.iter().any(|leg| is_missing(evidence, *leg)) {
                    violate(Rule::UnexpectedAnswer, detail());
                }
            }
            (201, false) if is_told(id, answer, &rows) => {}
            (422, false) if is_refused(answer, &rows) => {}
            _ => violate(Rule::AnswerIsTheRow, detail()),
        }
    }
}

/// Whether an answer tells the legs as they were posted.
fn is_told(id: Uuid, answer: &Answer, rows: &[&JournalRow]) -> bool {
    let mut body = answer.json();
    let legs = body["legs"].take();
    let legs = legs.as_array().map_or(&[][..], Vec::as_slice);
    let is_leg = |(leg, row): (&Value, &&JournalRow)| {
        split_time(leg.clone(), "created_at") == (body_of(row), Some(row.created_at_us))
    };
    body == json!({"id": id.to_string(), "status": "posted", "legs": null})
        && legs.len() == rows.len()
        && legs.iter().zip(rows).all(is_leg)
}

/// Whether an answer tells the leg that was refused, and why.
fn is_refused(answer: &Answer, rows: &[&JournalRow]) -> bool {
    let body = answer.json();
    let mut legs = (0..).zip(rows);
    let failed = legs.find(|(_, row)| row.outcome != "group_refused");
    failed.is_some_and(|(place, row)| {
        body["code"] == row.outcome
            && body["pointer"] == format!("/legs/{place}")
            && body["transfer_id"] == row.id.to_string()
            && body["request_id"] == json!(row.request_id.as_deref().unwrap_or_default())
    })
}

/// Reversals mirror their transfer, and are at most what it was.
fn reversals(evidence: &Evidence<'_>, violate: &mut impl FnMut(Rule, String)) {
    let mut reversals: HashMap<Uuid, Vec<&JournalRow>> = HashMap::new();
    let rows = evidence.books.journal.values();
    for row in rows.filter(|row| row.is_posted() && row.kind() == Some("reversal")) {
        let id = row.subject().unwrap_or_default();
        reversals.entry(id).or_default().push(row);
    }
    for (id, list) in &mut reversals {
        list.sort_by_key(|row| row.source_version);
        let original = evidence.books.journal.get(id);
        let mut left = original
            .filter(|row| row.is_posted() && row.moves() && row.kind() != Some("reversal"))
            .map_or(0, JournalRow::moved);
        for row in list.iter() {
            let amount = row.moved();
            let is_mirror = original.is_some_and(|original| {
                (Some(row.source_id), row.target_id)
                    == (original.target_id, Some(original.source_id))
                    && row.currency == original.currency
            });
            if !is_mirror || amount > left || amount != row.amount_asked.unwrap_or(left) {
                let detail = format!("{left} left of {original:?}: {row:?}");
                violate(Rule::ReversalsFit, detail);
            }
            left -= amount;
        }
        let ids: Vec<_> = list.iter().map(|row| row.id).collect();
        let sum: i64 = list.iter().map(|row| row.moved()).sum();
        let told = evidence.books.reversed.get(id);
        if told != Some(&(sum, ids)) {
            let detail = format!("transfer {id}: {told:?}, expected {sum} by {list:?}");
            violate(Rule::ReversalsFit, detail);
        }
    }
    for id in evidence.books.reversed.keys() {
        if !reversals.contains_key(id) {
            violate(Rule::ReversalsFit, format!("nobody reversed {id}"));
        }
    }
}
