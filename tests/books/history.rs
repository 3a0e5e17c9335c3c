//! What two sessions did, and whether doing it one after the other explains it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::{Answer, Times};
use crate::call::Call;
use crate::kinds::LIFETIME;
use crate::model::Model;

/// A transaction of one call.
#[derive(Debug, Clone)]
pub struct Transaction {
    pub call: Call,
    pub answer: Answer,
    pub is_committed: bool,
    /// When it began and ended, counted in steps of the schedule.
    pub began: usize,
    pub ended: usize,
}

/// The transactions of each session, in order.
pub type History = [Vec<Transaction>; 2];

/// Checks that some serial order of the transactions gives every answer and the tables at the end,
/// with the hold that ends ended from some place of it on, or not yet. In it, what had ended before
/// another one began comes first; what was rolled back has its answer explained and leaves nothing.
///
/// # Errors
/// No order does; says how each of them fails.
pub fn explain(start: &(Model, Times), history: &History, state: &Value) -> Result<(), String> {
    let mut failures = BTreeSet::new();
    for order in orders(history) {
        for ends_before in 0..=order.len() {
            let story = Story {
                order: &order,
                ends_before,
                state,
            };
            let told = Told {
                model: start.0.clone(),
                times: start.1.clone(),
                stored: vec![],
            };
            match story.tell(told, 0) {
                Ok(()) => return Ok(()),
                Err(failure) => drop(failures.insert(failure)),
            }
        }
    }
    Err(format!("no serial order explains it: {failures:#?}"))
}

/// The merges of the two sessions that put nothing before what had ended when it began.
fn orders(history: &History) -> Vec<Vec<(usize, &Transaction)>> {
    let [first, second] = history;
    let mut orders = vec![];
    let mut open = vec![(vec![], 0, 0)];
    while let Some((order, one, other)) = open.pop() {
        let next = [first.get(one), second.get(other)];
        if next == [None, None] {
            orders.push(order);
            continue;
        }
        for session in [0, 1] {
            let Some(transaction) = next[session] else {
                continue;
            };
            if next[1 - session].is_some_and(|waits| waits.ended < transaction.began) {
                continue;
            }
            let mut longer: Vec<(usize, &Transaction)> = order.clone();
            longer.push((session, transaction));
            open.push((longer, one + (1 - session), other + session));
        }
    }
    orders
}

impl PartialEq for Transaction {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// A serial order, the place in it where time goes by for the hold that ends, and what is left.
struct Story<'a> {
    order: &'a [(usize, &'a Transaction)],
    ends_before: usize,
    state: &'a Value,
}

/// What a part of a story left: the book, and which rows each transaction stored.
#[derive(Clone)]
struct Told {
    model: Model,
    times: Times,
    stored: Vec<BTreeSet<Uuid>>,
}

impl Story<'_> {
    /// Tells the rest of the story, from the transaction at a place on.
    fn tell(&self, mut told: Told, place: usize) -> Result<(), String> {
        if place == self.ends_before {
            told.model.pass(LIFETIME);
        }
        let Some((_, transaction)) = self.order.get(place) else {
            return told.times.values(&told.model.state(), self.state, "tables");
        };
        // What has ended of a wallet that another session had was not written. The answer need not
        // say so.
        let overdue = told.model.overdue();
        let may_skip = self.is_busy(place) && matches!(transaction.call, Call::TransfersPost(..));
        let skipped = [BTreeSet::new(), overdue];
        let skips = if may_skip && !skipped[1].is_empty() {
            2
        } else {
            1
        };
        let mut result = Ok(());
        for unlocked in &skipped[..skips] {
            let mut told = told.clone();
            result = self
                .perform(&mut told, place, unlocked)
                .and_then(|()| self.tell(told, place + 1));
            if result.is_ok() {
                break;
            }
        }
        result
    }

    /// Whether another session had a transaction open.
    fn is_busy(&self, place: usize) -> bool {
        let (session, transaction) = self.order[place];
        let mut others = self.order.iter().filter(|(other, _)| *other != session);
        others.any(|(_, other)| overlaps(transaction, other))
    }

    /// Makes a transaction's call, and compares its answer.
    fn perform(
        &self,
        told: &mut Told,
        place: usize,
        unlocked: &BTreeSet<Uuid>,
    ) -> Result<(), String> {
        let (session, transaction) = self.order[place];
        let mut after = told.model.clone();
        let before = self.order.iter().zip(&told.stored);
        let unseen = before.filter(|((other, overlapping), _)| {
            *other != session && overlaps(transaction, overlapping)
        });
        after.may_be_unseen = unseen.flat_map(|(_, ids)| ids.iter().copied()).collect();
        after.may_be_busy = self.is_busy(place);
        after.unlocked.clone_from(unlocked);
        let expected = match transaction.call {
            Call::OutboxAppend => {
                after.append();
                waiting(&told.model, &transaction.answer)
            }
            _ => after.call(&transaction.call, &transaction.answer),
        };
        let compared = told.times.compare(&expected, &transaction.answer);
        compared.map_err(|text| format!("session {session}, {:?}: {text}", transaction.call))?;
        told.stored
            .push(&after.transfer_ids() - &told.model.transfer_ids());
        if transaction.is_committed {
            told.model = after;
        } else {
            told.model.undo(&after);
        }
        Ok(())
    }
}

fn overlaps(one: &Transaction, other: &Transaction) -> bool {
    one.began < other.ended && other.began < one.ended
}

/// The events that wait, in the order of an answer that has the same ones.
fn waiting(model: &Model, actual: &Answer) -> Answer {
    let Answer::Rows(rows) = actual else {
        return Answer::Rows(vec![]);
    };
    let read: BTreeSet<String> = rows.iter().map(event).collect();
    if read.len() == rows.len() && read == *model.events() {
        return actual.clone();
    }
    Answer::Rows(
        model
            .events()
            .iter()
            .map(|event| json!({"event": event}))
            .collect(),
    )
}

/// The event of a row that `OutboxAppend` gave.
fn event(row: &Value) -> String {
    row["event"].as_str().unwrap_or_default().to_owned()
}
