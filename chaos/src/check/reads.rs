//! What clients read, against the journal.

use super::Evidence;
use crate::rule::{Rule, Violation};

pub(super) fn check(evidence: &Evidence<'_>, violations: &mut Vec<Violation>) {
    for read in &evidence.facts.reads {
        let written = read
            .written
            .and_then(|id| evidence.books.journal.get(&id)?.version_of(read.wallet_id));
        if read.version < read.known.max(written.unwrap_or(0)) {
            let detail = format!("{read:?}, written at version {written:?}");
            violations.push(Violation::new(Rule::OwnWritesRead, detail));
        }
    }
    told(evidence, violations);
    let mut violate = |detail| {
        violations.push(Violation::new(Rule::ReadIsOfTheJournal, detail));
    };
    for read in &evidence.facts.reads {
        let entries = evidence.model.entries(read.wallet_id);
        let place = usize::try_from(read.version - 1).ok();
        let balance = match place {
            Some(place) => entries.get(place).map(|entry| entry.balance),
            None => Some(0),
        };
        if balance != Some(read.balance) {
            violate(format!("{read:?}, expected {balance:?}"));
        }
    }
    for read in &evidence.facts.entries {
        let place = usize::try_from(read.version - 1).unwrap_or(usize::MAX);
        let entry = evidence.model.entries(read.wallet_id).get(place);
        let fits = entry.is_some_and(|entry| {
            (entry.transfer_id, entry.amount, entry.balance, entry.held)
                == (read.transfer_id, read.amount, read.balance, read.held)
        });
        if !fits {
            violate(format!("{read:?}, expected {entry:?}"));
        }
    }
}

/// Whichever server answers, a read shows what any client had been told before it was sent.
fn told(evidence: &Evidence<'_>, violations: &mut Vec<Violation>) {
    for read in &evidence.facts.reads {
        let transfer = read
            .told
            .transfer
            .and_then(|id| evidence.books.journal.get(&id)?.version_of(read.wallet_id));
        if read.version < read.told.version.max(transfer.unwrap_or(0)) {
            let detail = format!("{read:?}, told of version {transfer:?}");
            violations.push(Violation::new(Rule::AcknowledgedRead, detail));
        }
    }
}
