//! Whether all that was asked, heard, kept and told fits together. Nothing here asks Remit.

use std::fmt;

use serde_json::Value;

use crate::books::Books;
use crate::history::{Facts, History, Keyed};
use crate::model::Model;
use crate::moment::microseconds;
use crate::rule::Violation;
use crate::tap::Delivery;

mod answers;
mod bodies;
mod events;
mod groups;
pub mod holds;
mod items;
mod journal;
mod made;
mod reads;
mod refusals;
mod wishes;

#[cfg(test)]
pub mod tests;

use holds::{Histories, histories};

/// Everything that a rule may look at.
pub struct Evidence<'a> {
    pub facts: &'a Facts,
    pub books: &'a Books,
    pub model: Model,
    pub holds: Histories,
    /// All deliveries of the broker.
    pub heard: &'a [Delivery],
}

impl<'a> Evidence<'a> {
    fn of(facts: &'a Facts, books: &'a Books, heard: &'a [Delivery]) -> Self {
        let model = Model::of(&books.journal);
        Self {
            facts,
            books,
            holds: histories(&books.journal, &model),
            model,
            heard,
        }
    }

    fn check(&self, violations: &mut Vec<Violation>) {
        answers::check(self, violations);
        items::check(self, violations);
        made::check(self, violations);
        journal::check(self, violations);
        holds::check(self, violations);
        groups::check(self, violations);
        refusals::check(self, violations);
        reads::check(self, violations);
        wishes::check(self, violations);
        events::check(self, violations);
    }
}

/// How much of each kind of evidence the rules have looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked([(&'static str, usize); 20]);

impl Checked {
    fn of(evidence: &Evidence<'_>) -> Self {
        let (facts, books) = (evidence.facts, evidence.books);
        let keys = |count: fn(&Keyed) -> usize| facts.transfers.values().map(count).sum();
        let rejected = books.journal.values().filter(|row| !row.is_posted());
        let kind = |kind: &str| {
            let rows = books.journal.values();
            rows.filter(|row| row.is_posted() && row.kind() == Some(kind))
                .count()
        };
        let wished = |name: &str| {
            let wishes = facts.items.values().map(|asked| asked.item.wish);
            let are = wishes.filter(|wish| match name {
                "at_most" => wish.at_most,
                _ => wish.condition.is_some(),
            });
            are.count()
        };
        let own = facts.reads.iter().filter(|read| read.written.is_some());
        Self([
            ("journal rows", books.journal.len()),
            ("rejections", rejected.count()),
            ("answers", keys(|keyed| keyed.answers.len())),
            ("SQL rows", keys(|keyed| keyed.rows.len())),
            (
                "reused keys",
                keys(|keyed| keyed.reuse_answers.len() + keyed.reuse_rows.len()),
            ),
            ("looks", keys(|keyed| keyed.looks.len())),
            ("reads after a write", own.count()),
            ("statement entries", facts.entries.len()),
            ("holds", kind("hold")),
            ("captures", kind("capture")),
            ("expiries", kind("expiry")),
            ("reversals", kind("reversal")),
            ("groups", facts.groups.len()),
            (
                "looks at groups",
                facts.groups.values().map(|group| group.looks.len()).sum(),
            ),
            ("lists of holds", facts.hold_lists.len()),
            ("transfers of at most", wished("at_most")),
            ("conditions", wished("condition")),
            ("dry runs", facts.trials.len()),
            ("deliveries", evidence.heard.len()),
            ("notifications", books.notifications.len()),
        ])
    }

    /// The kinds of which there was nothing, so that their rules could not fail.
    pub fn missing(&self) -> Vec<&'static str> {
        let missing = self.0.iter().filter(|(_, count)| *count == 0);
        missing.map(|(name, _)| *name).collect()
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.0.map(|(name, count)| format!("{count} {name}"));
        write!(formatter, "checked {}", counts.join(", "))
    }
}

/// Finds all violations and keeps them in the history. Says on what.
pub fn check(history: &History, books: &Books, heard: &[Delivery]) -> Checked {
    let mut violations = Vec::new();
    let checked = {
        let facts = history.facts();
        let evidence = Evidence::of(&facts, books, heard);
        evidence.check(&mut violations);
        Checked::of(&evidence)
    };
    for violation in violations {
        history.violate(violation);
    }
    checked
}

/// An object without its time, and that time. Times are compared as moments, not as texts.
fn split_time(mut object: Value, name: &str) -> (Value, Option<i64>) {
    let moment = object.get(name).and_then(microseconds);
    if let Some(object) = object.as_object_mut() {
        object.remove(name);
    }
    (object, moment)
}
