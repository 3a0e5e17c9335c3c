//! Whether what was refused had to be.

use uuid::Uuid;

use super::{Evidence, wishes};
use crate::books::WalletRow;
use crate::model::JournalRow;
use crate::rule::{Rule, Violation};

pub(super) fn check(evidence: &Evidence<'_>, violations: &mut Vec<Violation>) {
    for row in evidence.books.journal.values() {
        if !is_due(evidence, row) {
            let detail = format!("{row:?}");
            violations.push(Violation::new(Rule::RejectionsWereDue, detail));
        }
    }
}

/// Whether a row's outcome had to be. The places of rejections are told by their times, so that
/// what is checked is that it may have been so at that moment.
fn is_due(evidence: &Evidence<'_>, row: &JournalRow) -> bool {
    let wallets = &evidence.books.wallets;
    let source = wallets.get(&row.source_id);
    let target = row.target_id.map(|id| wallets.get(&id));
    let (Some(source), Some(target)) = (source, target.map_or(Some(None), |row| row.map(Some)))
    else {
        return false; // Between wallets that are not there.
    };
    let is_same = target.is_none_or(|target| target.currency == source.currency);
    match row.outcome.as_str() {
        "posted" => is_same && row.currency == source.currency,
        "currency_mismatch" => !is_same,
        "insufficient_funds" => is_same && may_lack(evidence, row, source),
        "hold_closed" => states(evidence, row).any(|(_, is_open)| !is_open),
        "hold_exceeded" => states(evidence, row).any(|(limit, _)| row.amount_asked > Some(limit)),
        "not_reversible" => !original(evidence, row).is_some_and(|original| {
            original.is_posted() && original.moves() && original.kind() != Some("reversal")
        }),
        "reversal_exceeded" => original(evidence, row).is_some_and(|original| {
            let left = original.moved() - reversed_by(evidence, original.id, row.created_at_us);
            row.amount_asked.map_or(left <= 0, |asked| asked > left)
        }),
        "condition_failed" => wishes::may_fail(evidence, row),
        // Which one leg gives the reason for, the group's rule says.
        "group_refused" => !row.terms["group_id"].is_null(),
        _ => false, // Nothing in the load leads to any other.
    }
}

fn original<'a>(evidence: &Evidence<'a>, row: &JournalRow) -> Option<&'a JournalRow> {
    evidence.books.journal.get(&row.subject()?)
}

/// Whether less may have been available than the row needs at most.
fn may_lack(evidence: &Evidence<'_>, row: &JournalRow, source: &WalletRow) -> bool {
    let all = original(evidence, row).map_or(0, JournalRow::moved);
    let asked = row.amount_asked.or(row.amount).unwrap_or(all);
    // Of nothing there is no most; anything more would do.
    let needed = if row.terms["at_most"] == true {
        1
    } else {
        asked
    };
    let floor = source.floor.unwrap_or(i64::MIN);
    let taken = taken_before(evidence, row);
    let mut around = evidence
        .model
        .available_around(source.id, row.created_at_us)
        .into_iter();
    around.any(|available| available - taken - needed < floor)
}

/// What the legs before it took from the source of a leg.
fn taken_before(evidence: &Evidence<'_>, row: &JournalRow) -> i64 {
    let place = row.terms["group_place"].as_u64().unwrap_or(0);
    let group_id = row.terms["group_id"]
        .as_str()
        .and_then(|id| id.parse::<Uuid>().ok());
    let group = group_id.and_then(|id| evidence.facts.groups.get(&id));
    let legs = group.map_or(&[][..], |group| group.legs.as_slice());
    let before = (1..place).zip(legs);
    let rows = before.filter_map(|(_, id)| evidence.books.journal.get(id));
    let from_source = rows.filter(|leg| leg.source_id == row.source_id);
    from_source
        .map(|leg| {
            let all = original(evidence, leg).map_or(0, JournalRow::moved);
            leg.amount_asked.unwrap_or(all)
        })
        .sum()
}

/// What a hold may have given when a row about it was decided, and whether it was open: for a
/// capture what remained, for an adjustment any total, as one below what was captured is refused.
fn states(evidence: &Evidence<'_>, row: &JournalRow) -> impl Iterator<Item = (i64, bool)> {
    let history = row.subject().and_then(|id| evidence.holds.get(&id));
    let states = history.into_iter().flatten();
    let is_adjustment = row.kind() == Some("adjustment");
    let at_us = row.created_at_us;
    let before = states.filter(move |state| state.at_us <= at_us);
    before.map(move |state| {
        let limit = if is_adjustment {
            i64::MIN
        } else {
            state.amount - state.captured
        };
        (limit, state.closed_by.is_none())
    })
}

/// How much of a transfer was reversed up to a moment.
fn reversed_by(evidence: &Evidence<'_>, id: Uuid, at_us: i64) -> i64 {
    let reversed = evidence.books.reversed.get(&id);
    let ids = reversed.map_or(&[][..], |(_, ids)| ids.as_slice());
    let rows = ids.iter().filter_map(|id| evidence.books.journal.get(id));
    let before = rows.filter(|row| row.created_at_us <= at_us);
    before.map(JournalRow::moved).sum()
}
