//! What the clients asked and heard: in memory for the checker, and as lines of JSON for a
//! post-mortem.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::ask::Item;
use crate::rule::{Rule, Violation};
use crate::script::Transfer;
use crate::world::{NewUser, NewWallet};

/// So many violations of one rule are kept; the rest is counted.
const VIOLATIONS_KEPT_MAX: usize = 20;

/// An answer that ends the attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// The bytes, which are the same for each answer to a key.
    pub body: String,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// The row that the SQL door gave, or the state that it refused with.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// The result as JSON, but for `replayed`.
    Result(Value),
    Refused(String),
}

/// All that was heard of one transfer's key. Each list holds what is different.
#[derive(Debug, Default)]
pub struct Keyed {
    pub transfer: Option<Transfer>,
    pub answers: Vec<Answer>,
    pub rows: Vec<Row>,
    /// To the key with another amount.
    pub reuse_answers: Vec<Answer>,
    pub reuse_rows: Vec<Row>,
    /// What GET /transfers/{key} gave.
    pub looks: Vec<Answer>,
}

/// How an item was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Alone,
    Bulk,
    /// One of so many legs, 1, 2, 3 …
    Leg {
        group_id: Uuid,
        place: usize,
        size: usize,
    },
}

/// All that was heard of a hold, of what was done to one, of a reversal, or of a leg or an item of
/// a bulk.
#[derive(Debug)]
pub struct Asked {
    pub item: Item,
    pub place: Place,
    /// What is different. That of a leg is its group's.
    pub answers: Vec<Answer>,
    /// What GET /transfers/{key} gave.
    pub looks: Vec<Answer>,
    /// What GET /holds/{key} gave, and the moments around it.
    pub hold_looks: Vec<(Answer, Around)>,
}

/// A group, by its legs.
#[derive(Debug, Default)]
pub struct Group {
    pub legs: Vec<Uuid>,
    pub answers: Vec<Answer>,
    /// What GET /groups/{key} gave.
    pub looks: Vec<Answer>,
}

/// A wallet's open holds, as they were listed, and the moments around it.
#[derive(Debug)]
pub struct HoldList {
    pub wallet_id: Uuid,
    pub holds: Vec<Value>,
    pub around: Around,
}

/// What a dry run said, and the ids of what it would have made.
#[derive(Debug)]
pub struct Trial {
    pub ids: Vec<Uuid>,
    pub answer: Answer,
}

/// When a question was sent and its answer heard: microseconds since 1970.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    pub sent_us: i64,
    pub heard_us: i64,
}

/// What was asked and heard of one thing that is made once.
#[derive(Debug)]
pub struct Made<T> {
    pub wanted: T,
    pub answers: Vec<Answer>,
}

/// A version, and the transfer that was told last, whose version is in the journal.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Newest {
    pub version: i64,
    pub transfer: Option<Uuid>,
}

/// A wallet as it was read, and what its reader had written before.
#[derive(Debug, Clone, Copy)]
pub struct Read {
    pub wallet_id: Uuid,
    pub version: i64,
    pub balance: i64,
    pub held: i64,
    pub available: i64,
    pub held_until_us: Option<i64>,
    pub around: Around,
    /// The newest version that an answer to an own write had named, or that was read after one; 0
    /// without a write.
    pub known: i64,
    /// The newest own transfer from or to the wallet that HTTP had said to be posted.
    pub written: Option<Uuid>,
    /// What any client had been told before the read was sent.
    pub told: Newest,
}

/// An entry of a statement as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadEntry {
    pub wallet_id: Uuid,
    pub version: i64,
    pub transfer_id: Uuid,
    pub amount: i64,
    pub balance: i64,
    pub held: i64,
}

/// What is checked at the end.
#[derive(Default)]
pub struct Facts {
    pub transfers: HashMap<Uuid, Keyed>,
    pub items: HashMap<Uuid, Asked>,
    pub groups: HashMap<Uuid, Group>,
    pub wallets: HashMap<Uuid, Made<NewWallet>>,
    pub users: HashMap<Uuid, Made<NewUser>>,
    pub trials: Vec<Trial>,
    pub hold_lists: Vec<HoldList>,
    pub reads: Vec<Read>,
    pub entries: Vec<ReadEntry>,
}

/// Numbers for the report.
#[derive(Default)]
pub struct Counts {
    /// Steps that were done.
    pub operations: AtomicU64,
    /// Final answers to writes.
    pub acknowledged: AtomicU64,
    /// Attempts at writes whose effect could not be known.
    pub unknown: AtomicU64,
    /// Attempts after the first.
    pub retried: AtomicU64,
}

/// The record of a run.
pub struct History {
    start: Instant,
    log: Mutex<BufWriter<File>>,
    facts: Mutex<Facts>,
    violations: Mutex<HashMap<Rule, (usize, Vec<Violation>)>>,
    pub counts: Counts,
}

impl History {
    /// An empty record that writes its lines to a file.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(log: &Path) -> io::Result<Self> {
        Ok(Self {
            start: Instant::now(),
            log: Mutex::new(BufWriter::new(File::create(log)?)),
            facts: Mutex::default(),
            violations: Mutex::default(),
            counts: Counts::default(),
        })
    }

    /// Milliseconds since the run began.
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Writes a line.
    pub fn line(&self, mut line: Value) {
        line["ms"] = json!(self.elapsed_ms());
        let mut log = lock(&self.log);
        // A full disk costs the post-mortem, not the check.
        let _ = writeln!(log, "{line}");
    }

    /// Writes out what is buffered.
    pub fn flush(&self) {
        let _ = lock(&self.log).flush();
    }

    /// The facts, to add to or to check.
    pub fn facts(&self) -> MutexGuard<'_, Facts> {
        lock(&self.facts)
    }

    /// Keeps a violation.
    pub fn violate(&self, violation: Violation) {
        self.line(json!({"violation": violation.rule.name(), "detail": violation.detail}));
        let mut violations = lock(&self.violations);
        let (count, kept) = violations.entry(violation.rule).or_default();
        *count += 1;
        if kept.len() < VIOLATIONS_KEPT_MAX {
            kept.push(violation);
        }
    }

    /// The violations so far, by rule: how many, and the first of them.
    pub fn violations(&self) -> Vec<(Rule, usize, Vec<Violation>)> {
        let violations = lock(&self.violations);
        let mut list: Vec<_> = violations
            .iter()
            .map(|(rule, (count, kept))| (*rule, *count, kept.clone()))
            .collect();
        list.sort_by_key(|(rule, ..)| *rule);
        list
    }
}

/// Adds what is not there yet.
pub fn add<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// Counts one more.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
