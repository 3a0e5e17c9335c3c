//! What was asked for beyond a transfer: conditions, at most what there is, dry runs; and what was
//! read of groups and of lists of holds.

use serde_json::{Value, json};
use uuid::Uuid;

use super::bodies::is_seen;
use super::{Evidence, holds};
use crate::history::{Answer, Group, HoldList};
use crate::model::JournalRow;
use crate::rule::{Rule, Violation};

pub(super) fn check(evidence: &Evidence<'_>, violations: &mut Vec<Violation>) {
    let mut violate = |rule, detail: String| violations.push(Violation::new(rule, detail));
    let journal = &evidence.books.journal;
    for row in journal.values().filter(|row| row.is_posted()) {
        let before = row.source_version.unwrap_or(0) - 1;
        let target = row.target_version.map(|version| version - 1);
        if !is_met(evidence, row, before, target) || !is_most(evidence, row, before) {
            violate(Rule::WishesMet, format!("{row:?}"));
        }
    }
    for trial in &evidence.facts.trials {
        let is_answered = matches!(trial.answer.status, 200 | 404 | 422);
        let written: Vec<_> = trial.ids.iter().filter_map(|id| journal.get(id)).collect();
        if !is_answered || !written.is_empty() {
            let detail = format!("{trial:?}: {written:?}");
            violate(Rule::DryRunsLeaveNothing, detail);
        }
    }
    for (id, group) in &evidence.facts.groups {
        for look in &group.looks {
            if !is_group_seen(evidence, *id, group, look) {
                let detail = format!("group {id}: {} {}", look.status, look.body);
                violate(Rule::AnswerIsTheRow, detail);
            }
        }
    }
    for list in &evidence.facts.hold_lists {
        if let Some(hold) = list
            .holds
            .iter()
            .find(|hold| !is_listed(evidence, list, hold))
        {
            let detail = format!("{hold} of {list:?}");
            violate(Rule::ReadIsOfTheJournal, detail);
        }
    }
}

/// Whether a row's condition is met at these versions of its source and its target.
fn is_met(evidence: &Evidence<'_>, row: &JournalRow, source: i64, target: Option<i64>) -> bool {
    let model = &evidence.model;
    let bound = |name: &str| row.terms[name].as_i64();
    let balance = model.balance_at(row.source_id, source);
    let target = row.target_id.zip(target);
    let target = target.and_then(|(id, version)| model.balance_at(id, version));
    bound("source_version").is_none_or(|version| is_version(evidence, row, version, source))
        && bound("source_balance_min").is_none_or(|min| balance >= Some(min))
        && bound("target_balance_max").is_none_or(|max| target.is_some_and(|has| has <= max))
}

/// Whether a version that was expected is the source's: nothing but ends of holds came after it.
fn is_version(evidence: &Evidence<'_>, row: &JournalRow, expected: i64, version: i64) -> bool {
    let entries = evidence.model.entries(row.source_id);
    let range = usize::try_from(expected)
        .ok()
        .zip(usize::try_from(version).ok());
    let since = range.and_then(|(from, to)| entries.get(from..to));
    since.is_some_and(|since| {
        let mut rows = since
            .iter()
            .map(|entry| &evidence.books.journal[&entry.transfer_id]);
        rows.all(|row| row.kind() == Some("expiry"))
    })
}

/// Whether a row of at most what there is took that, or all that was asked.
fn is_most(evidence: &Evidence<'_>, row: &JournalRow, before: i64) -> bool {
    if row.terms["at_most"] != true || row.kind().is_some() {
        return true;
    }
    let source = evidence.books.wallets.get(&row.source_id);
    let floor = source.and_then(|source| source.floor);
    let place = usize::try_from(before - 1).ok();
    let entry = place.and_then(|place| evidence.model.entries(row.source_id).get(place));
    let available = entry.map_or(0, |entry| entry.balance - entry.held);
    let there = floor.map(|floor| available - floor);
    row.amount == [there, row.amount_asked].into_iter().flatten().min()
}

/// Whether a condition may have failed when a row was decided: entries of that very moment may have
/// come before or after.
pub(super) fn may_fail(evidence: &Evidence<'_>, row: &JournalRow) -> bool {
    let versions = |wallet_id: Uuid| {
        let entries = evidence.model.entries(wallet_id);
        let until = |is_past: fn(i64, i64) -> bool| {
            let past = entries
                .iter()
                .filter(|entry| is_past(entry.created_at_us, row.created_at_us));
            i64::try_from(past.count()).unwrap_or(i64::MAX)
        };
        until(|at_us, now_us| at_us < now_us)..=until(|at_us, now_us| at_us <= now_us)
    };
    let targets = || row.target_id.map(versions).into_iter().flatten().map(Some);
    versions(row.source_id)
        .any(|source| targets().any(|target| !is_met(evidence, row, source, target)))
}

/// Whether GET /groups/{key} tells the legs that there are.
fn is_group_seen(evidence: &Evidence<'_>, id: Uuid, group: &Group, look: &Answer) -> bool {
    let rows = group.legs.iter().map(|id| evidence.books.journal.get(id));
    let rows: Vec<_> = rows.collect();
    if look.status == 404 {
        return rows.iter().all(Option::is_none);
    }
    let body = look.json();
    let legs = body["legs"].as_array().map_or(&[][..], Vec::as_slice);
    let is_posted = rows
        .iter()
        .all(|row| row.is_some_and(JournalRow::is_posted));
    let is_leg = |(leg, row): (&Value, &Option<&JournalRow>)| {
        let look = Answer {
            status: 200,
            body: leg.to_string(),
        };
        row.is_some() && is_seen(evidence, &look, *row)
    };
    look.status == 200
        && body["id"] == id.to_string()
        && body["status"] == json!(if is_posted { "posted" } else { "rejected" })
        && legs.len() == rows.len()
        && legs.iter().zip(&rows).all(is_leg)
}

/// Whether a hold of a list of open ones is of its wallet, and was so at that time.
fn is_listed(evidence: &Evidence<'_>, list: &HoldList, hold: &Value) -> bool {
    let look = Answer {
        status: 200,
        body: hold.to_string(),
    };
    let id = hold["id"].as_str().and_then(|id| id.parse().ok());
    hold["status"] == "open"
        && hold["source_id"] == list.wallet_id.to_string()
        && id.is_some_and(|id| holds::is_told(id, &look, list.around, evidence))
}
