//! Answers to holds, to what is done to them, to reversals and to the items of bulks, against the
//! journal.

use serde_json::{Value, json};
use uuid::Uuid;

use super::bodies::{body_of, is_rejection, is_seen, transfer_body};
use super::{Evidence, split_time};
use crate::ask::{Condition, Deed};
use crate::history::{Answer, Asked, Place};
use crate::model::JournalRow;
use crate::moment::microseconds;
use crate::rule::{Rule, Violation};

pub(super) fn check(evidence: &Evidence<'_>, violations: &mut Vec<Violation>) {
    let mut violate = |rule, detail: String| violations.push(Violation::new(rule, detail));
    for (id, asked) in &evidence.facts.items {
        let row = evidence.books.journal.get(id);
        if !are_one(&asked.answers) {
            let detail = format!("{id}: {:?}", asked.answers);
            violate(Rule::AnswersIdentical, detail);
        }
        for answer in &asked.answers {
            let detail = || format!("{asked:?}, {row:?}");
            match (answer.status, row) {
                (201 | 422, None) => violate(Rule::AcknowledgedOnce, detail()),
                (404, None) if is_missing(evidence, *id) => {}
                (_, None) => violate(Rule::UnexpectedAnswer, detail()),
                (_, Some(row)) if is_told(asked, answer, row) => {}
                (_, Some(_)) => violate(Rule::AnswerIsTheRow, detail()),
            }
        }
        if row.is_some_and(|row| !is_wanted(asked, row)) {
            violate(Rule::RequestIsTheRow, format!("{asked:?}, {row:?}"));
        }
        for look in &asked.looks {
            if !is_seen(evidence, look, row) {
                let detail = format!("{id}: {} {}, {row:?}", look.status, look.body);
                violate(Rule::AnswerIsTheRow, detail);
            }
        }
    }
}

/// Whether all answers are the same bytes. What is not there is not stored: each such answer is
/// that of its request.
pub(super) fn are_one(answers: &[Answer]) -> bool {
    let mut statuses = answers.iter().map(|answer| answer.status);
    answers.len() <= 1 || statuses.all(|status| status == 404)
}

/// Whether what an item is about is not there: it was refused itself.
pub(super) fn is_missing(evidence: &Evidence<'_>, id: Uuid) -> bool {
    let asked = evidence.facts.items.get(&id);
    let subject = asked.and_then(|asked| asked.item.deed.subject());
    let row = |id| evidence.books.journal.get(&id);
    subject.is_some_and(|subject| !row(subject).is_some_and(JournalRow::is_posted))
}

fn is_told(asked: &Asked, answer: &Answer, row: &JournalRow) -> bool {
    if !row.is_posted() {
        return is_rejection(answer, row);
    }
    let is_hold = row.kind() == Some("hold") && asked.place == Place::Alone;
    let (mut body, moment) = split_time(answer.json(), "created_at");
    let expected = if is_hold {
        let (rest, expires_us) = split_time(body, "expires_at");
        body = rest;
        if expires_us != microseconds(&row.effect["hold_expires_at"]) {
            return false;
        }
        hold_body(row)
    } else {
        body_of(row)
    };
    answer.status == 201 && body == expected && moment == Some(row.created_at_us)
}

/// What POST /holds says, but for the times.
fn hold_body(row: &JournalRow) -> Value {
    let mut body = transfer_body(row);
    body["status"] = json!("open");
    body["captured"] = json!(0);
    body["remaining"] = json!(row.amount);
    body["source_held"] = json!(row.effect["source_held"].as_i64().unwrap_or(0));
    body
}

/// Whether a row is what was asked for. No request of the load has metadata.
fn is_wanted(asked: &Asked, row: &JournalRow) -> bool {
    let deed = &asked.item.deed;
    let amount = if row.terms.is_null() {
        row.amount
    } else {
        row.amount_asked
    };
    let is_flag = |name: &str, wanted: bool| row.terms[name].as_bool() == Some(wanted);
    let fits = match deed {
        Deed::Transfer {
            source_id,
            target_id,
            ..
        } => (row.source_id, row.target_id) == (*source_id, Some(*target_id)),
        Deed::Hold {
            source_id,
            target_id,
            expires_in,
            ..
        } => {
            (row.source_id, row.target_id) == (*source_id, *target_id)
                && row.terms["expires_in"] == json!(expires_in)
        }
        Deed::Capture {
            target_id,
            is_final,
            may_exceed,
            ..
        } => {
            row.target_id == Some(*target_id)
                && is_flag("is_final", *is_final)
                && is_flag("may_exceed", true) == *may_exceed
        }
        Deed::Adjustment { expires_in, .. } => row.terms["expires_in"] == json!(expires_in),
        Deed::Release { .. } | Deed::Reversal { .. } => true,
    };
    let in_group = match asked.place {
        Place::Leg {
            group_id,
            place,
            size,
        } => {
            row.terms["group_id"] == group_id.to_string()
                && row.terms["group_place"] == place
                && row.terms["group_size"] == size
        }
        Place::Alone | Place::Bulk => row.terms["group_id"].is_null(),
    };
    let wish = &asked.item.wish;
    let condition = wish.condition.map(Condition::said);
    let names = ["source_version", "source_balance_min", "target_balance_max"];
    let has_wish = is_flag("at_most", true) == wish.at_most
        && names.iter().all(|name| {
            let wanted = condition.filter(|(wanted, _)| wanted == name);
            row.terms[name].as_i64() == wanted.map(|(_, value)| value)
        });
    fits && in_group
        && has_wish
        && (row.kind(), row.subject(), amount) == (deed.kind(), deed.subject(), deed.amount())
        && row.reference.is_none()
        && row.metadata == json!({})
}
