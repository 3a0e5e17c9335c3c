//! What two sessions did, and whether doing it one after the other explains it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::{Answer, Times};
use crate::call::Call;
use crate::model::Model;

/// A transaction of one call.
#[derive(Debug, Clone)]
pub struct Transaction {
    pub call: Call,
    pub answer: Answer,
    /// The events that it settles, for `OutboxSettle`.
    pub settled: Vec<String>,
    pub is_committed: bool,
    /// When it began and ended, counted in steps of the schedule.
    pub began: usize,
    pub ended: usize,
}

/// The transactions of each session, in order.
pub type History = [Vec<Transaction>; 2];

/// Checks that some serial order of the transactions gives every answer and the tables at the end.
/// In it, what had ended before another one began comes first; what was rolled back has its answer
/// explained and leaves nothing.
///
/// # Errors
/// No order does; says how each of them fails.
pub fn explain(start: &(Model, Times), history: &History, state: &Value) -> Result<(), String> {
    let mut failures = BTreeSet::new();
    for order in orders(history) {
        match replay(start, &order, state) {
            Ok(()) => return Ok(()),
            Err(failure) => drop(failures.insert(failure)),
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

fn replay(
    (model, times): &(Model, Times),
    order: &[(usize, &Transaction)],
    state: &Value,
) -> Result<(), String> {
    let (mut model, mut times) = (model.clone(), times.clone());
    let mut stored: Vec<BTreeSet<Uuid>> = vec![];
    for (session, transaction) in order {
        let mut after = model.clone();
        let before = order.iter().zip(&stored);
        let unseen = before.filter(|((other, overlapping), _)| {
            other != session && overlaps(transaction, overlapping)
        });
        after.may_be_unseen = unseen.flat_map(|(_, ids)| ids.iter().copied()).collect();
        after.may_be_busy = order
            .iter()
            .any(|(other, overlapping)| other != session && overlaps(transaction, overlapping));
        let expected = match transaction.call {
            Call::OutboxRead => waiting(&model, &transaction.answer),
            Call::OutboxSettle => {
                let were_there = transaction
                    .settled
                    .iter()
                    .filter(|event| model.events().contains(*event));
                let count = were_there.count();
                after.settle(&transaction.settled);
                Answer::Rows(vec![json!({"settled": count})])
            }
            _ => after.call(&transaction.call, &transaction.answer),
        };
        let compared = times.compare(&expected, &transaction.answer);
        compared.map_err(|text| format!("session {session}, {:?}: {text}", transaction.call))?;
        stored.push(&after.transfer_ids() - &model.transfer_ids());
        if transaction.is_committed {
            model = after;
        } else {
            model.undo(&after);
        }
    }
    times.values(&model.state(), state, "tables")
}

fn overlaps(one: &Transaction, other: &Transaction) -> bool {
    one.began < other.ended && other.began < one.ended
}

/// The events that wait, in the order and with the ids of an answer that has the same ones.
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

/// The event of a row that `OutboxRead` gave.
pub fn event(row: &Value) -> String {
    row["event"].as_str().unwrap_or_default().to_owned()
}
