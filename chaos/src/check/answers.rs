//! Answers to transfers, against the journal.

use serde_json::{Value, json};
use uuid::Uuid;

use super::bodies::{is_rejection, is_seen, transfer_body};
use super::{Evidence, split_time};
use crate::history::{Answer, Keyed, Row};
use crate::model::JournalRow;
use crate::rule::{Rule, Violation};

pub(super) fn check(evidence: &Evidence<'_>, violations: &mut Vec<Violation>) {
    for (id, keyed) in &evidence.facts.transfers {
        let row = evidence.books.journal.get(id);
        for violation in of_key(evidence, *id, keyed, row) {
            violations.push(violation);
        }
    }
}

fn of_key(
    evidence: &Evidence<'_>,
    id: Uuid,
    keyed: &Keyed,
    row: Option<&JournalRow>,
) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut violate = |rule, detail: String| found.push(Violation::new(rule, detail));
    if keyed.answers.len() > 1 || keyed.rows.len() > 1 {
        let detail = format!("transfer {id}: {:?} {:?}", keyed.answers, keyed.rows);
        violate(Rule::AnswersIdentical, detail);
    }
    for answer in &keyed.answers {
        match (answer.status, row) {
            (201 | 422, None) => violate(
                Rule::AcknowledgedOnce,
                format!(
                    "transfer {id} was answered {} and is not there",
                    answer.status
                ),
            ),
            (_, None) => {
                let detail = format!("transfer {id}: {} {}", answer.status, answer.body);
                violate(Rule::UnexpectedAnswer, detail);
            }
            (_, Some(row)) => {
                if let Some(difference) = differs(answer, row) {
                    violate(Rule::AnswerIsTheRow, format!("transfer {id}: {difference}"));
                }
            }
        }
    }
    for said in &keyed.rows {
        match (said, row) {
            (Row::Result(_), None) => violate(
                Rule::AcknowledgedOnce,
                format!("transfer {id} was answered through SQL and is not there"),
            ),
            (Row::Result(result), Some(row)) => {
                let result = with_moment(result.clone());
                let expected = with_moment(result_of(row));
                if result.1 != Some(row.created_at_us) || result.0 != expected.0 {
                    let detail = format!("transfer {id}: {} and {}", result.0, expected.0);
                    violate(Rule::AnswerIsTheRow, detail);
                }
            }
            (Row::Refused(state), _) => {
                violate(
                    Rule::UnexpectedAnswer,
                    format!("transfer {id}: SQL {state}"),
                );
            }
        }
    }
    found.extend(wanted(id, keyed, row));
    found.extend(reuses(id, keyed));
    found.extend(looks(evidence, id, keyed, row));
    found
}

/// The journal has what was asked for. No request of the load has metadata.
fn wanted(id: Uuid, keyed: &Keyed, row: Option<&JournalRow>) -> Option<Violation> {
    let (row, wanted) = (row?, keyed.transfer.as_ref()?);
    let same = (row.source_id, row.target_id, row.amount, &row.reference)
        == (
            wanted.source_id,
            Some(wanted.target_id),
            Some(wanted.amount),
            &wanted.reference,
        );
    let fits = same && row.metadata == json!({}) && row.terms.is_null();
    let detail = || format!("transfer {id}: {row:?}, wanted {wanted:?}");
    (!fits).then(|| Violation::new(Rule::RequestIsTheRow, detail()))
}

/// Why an HTTP answer is not what the journal says.
fn differs(answer: &Answer, row: &JournalRow) -> Option<String> {
    let fits = if row.is_posted() {
        let (body, moment) = split_time(answer.json(), "created_at");
        answer.status == 201 && body == transfer_body(row) && moment == Some(row.created_at_us)
    } else {
        is_rejection(answer, row)
    };
    (!fits).then(|| format!("{} {} and {row:?}", answer.status, answer.body))
}

/// What SQL says of a transfer.
fn result_of(row: &JournalRow) -> Value {
    json!({
        "id": row.id.to_string(), "outcome": row.outcome,
        "source_id": row.source_id.to_string(), "target_id": row.target_id.map(|id| id.to_string()),
        "amount": row.amount, "currency": row.currency,
        "source_version": row.source_version, "source_balance": row.source_balance,
        "target_version": row.target_version, "target_balance": row.target_balance,
        "reference": row.reference, "metadata": row.metadata, "request_id": row.request_id,
        "terms": null, "amount_asked": null, "effect": row.effect,
        "reversed": null, "reversal_ids": null,
    })
}

fn with_moment(value: Value) -> (Value, Option<i64>) {
    split_time(value, "created_at")
}

/// A key with other content is refused, without a word about the first.
fn reuses(id: Uuid, keyed: &Keyed) -> Vec<Violation> {
    let answers = keyed.reuse_answers.iter().filter_map(|answer| {
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let is_refused = answer.status == 422 && body["code"] == "idempotency_key_reused";
        (!is_refused).then(|| format!("transfer {id}: {} {}", answer.status, answer.body))
    });
    let rows = keyed.reuse_rows.iter().filter_map(|row| match row {
        Row::Refused(state) if state == "WL005" => None,
        row => Some(format!("transfer {id}: {row:?}")),
    });
    answers
        .chain(rows)
        .map(|detail| Violation::new(Rule::ReuseRefused, detail))
        .collect()
}

/// GET /transfers/{key} tells the row. Nobody asks for what was not acknowledged.
fn looks(
    evidence: &Evidence<'_>,
    id: Uuid,
    keyed: &Keyed,
    row: Option<&JournalRow>,
) -> Vec<Violation> {
    let wrong = keyed.looks.iter().filter_map(|look| {
        let fits = row.is_some() && is_seen(evidence, look, row);
        (!fits).then(|| format!("transfer {id}: {} {} and {row:?}", look.status, look.body))
    });
    wrong
        .map(|detail| Violation::new(Rule::AnswerIsTheRow, detail))
        .collect()
}
