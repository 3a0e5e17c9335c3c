//! What is held: recomputed from the journal's rows, and compared with what they, the tables and
//! the reads say.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use uuid::Uuid;

use super::Evidence;
use crate::books::HoldRow;
use crate::history::{Answer, Around, Read};
use crate::model::{JournalRow, Model, expiry_id};
use crate::moment::microseconds;
use crate::rule::{Rule, Violation};

/// A hold after a row of the journal.
#[derive(Debug, Clone)]
pub struct State {
    pub at_us: i64,
    /// The source's.
    pub version: i64,
    pub amount: i64,
    pub captured: i64,
    pub expires_us: Option<i64>,
    pub closed_by: Option<String>,
}

impl State {
    fn is_due(&self, at_us: i64) -> bool {
        self.expires_us
            .is_some_and(|expires_us| expires_us <= at_us)
    }

    fn remaining(&self) -> i64 {
        self.amount - self.captured
    }
}

/// What became of each hold, in order.
pub type Histories = HashMap<Uuid, Vec<State>>;

/// The open holds of a wallet, from version to version.
#[derive(Default)]
struct Walk {
    open: BTreeMap<Uuid, State>,
}

impl Walk {
    /// What is held at a moment, and until when the first hold lasts: what is due is not held any
    /// more, also before that is written.
    fn held_at(&self, at_us: i64) -> (i64, Option<i64>) {
        let open = || self.open.values().filter(|hold| !hold.is_due(at_us));
        let until = open().filter_map(|hold| hold.expires_us).min();
        (open().map(State::remaining).sum(), until)
    }

    /// Takes a row. What it makes of its hold, if it is of one.
    fn take(&mut self, row: &JournalRow) -> Result<Option<(Uuid, State)>, String> {
        let at_us = row.created_at_us;
        let kind = row.kind().unwrap_or_default();
        let mut due = self.open.iter().filter(|(_, hold)| hold.is_due(at_us));
        let late = due.next().map(|(id, _)| *id);
        let changed = if row.is_of_hold() {
            let (id, before) = if kind == "hold" {
                (row.id, None)
            } else {
                let id = row.subject().ok_or("it names no hold")?;
                let hold = self.open.remove(&id);
                (id, Some(hold.ok_or("its hold is not open")?))
            };
            let after = after(row, before.as_ref())?;
            if after.closed_by.is_none() {
                self.open.insert(id, after.clone());
            }
            told_rightly(row, before.as_ref(), &after)?;
            Some((id, after))
        } else {
            None
        };
        match late.filter(|_| kind != "expiry") {
            Some(hold) => Err(format!("the time of hold {hold} had come")),
            None => Ok(changed),
        }
    }
}

/// A hold after a row that is about it.
fn after(row: &JournalRow, before: Option<&State>) -> Result<State, String> {
    let at_us = row.created_at_us;
    let version = row.source_version.unwrap_or(0);
    let expires_in = row.terms["expires_in"].as_i64();
    let expires_us = microseconds(&row.terms["expires_at"])
        .or(expires_in.map(|seconds| at_us + seconds * 1_000_000));
    let amount = row.amount.ok_or("it has no amount")?;
    let Some(before) = before else {
        return Ok(State {
            at_us,
            version,
            amount,
            captured: 0,
            expires_us,
            closed_by: None,
        });
    };
    let remaining = before.remaining();
    let mut state = State {
        at_us,
        version,
        ..before.clone()
    };
    let kind = row.kind().unwrap_or_default();
    let is_over = match kind {
        "capture" => {
            if amount != row.amount_asked.unwrap_or(remaining) {
                return Err("it captured what was not asked for".to_owned());
            }
            if amount > remaining && row.terms["may_exceed"] != true {
                return Err(format!("it captured more than {remaining}"));
            }
            state.captured += amount;
            amount >= remaining || row.terms["is_final"] != false
        }
        "adjustment" => {
            state.amount = row.amount_asked.unwrap_or(before.amount);
            state.expires_us = expires_us.or(before.expires_us);
            if amount != state.amount || amount < before.captured {
                return Err(format!("it adjusted {before:?} wrongly"));
            }
            amount == before.captured
        }
        "expiry" if !before.is_due(at_us) || Some(row.id) != row.subject().map(expiry_id) => {
            return Err("it is before its time, or has another id".to_owned());
        }
        _ if amount != remaining => return Err(format!("it gave back other than {remaining}")),
        _ => true,
    };
    state.closed_by = is_over.then(|| kind.to_owned());
    Ok(state)
}

/// Whether a row says of its hold what follows.
fn told_rightly(row: &JournalRow, before: Option<&State>, after: &State) -> Result<(), String> {
    let number = |name: &str| row.effect[name].as_i64();
    let remaining = after.closed_by.is_none().then(|| after.remaining());
    let is_told = number("hold_amount") == Some(after.amount)
        && number("hold_captured") == Some(after.captured)
        && number("hold_remaining") == Some(remaining.unwrap_or(0))
        && number("hold_before") == before.map(|before| before.version)
        && microseconds(&row.effect["hold_expires_at"]) == after.expires_us;
    let error = || format!("its hold is {after:?}");
    is_told.then_some(()).ok_or_else(error)
}

/// What became of each hold, as far as the journal can be followed.
pub fn histories(journal: &BTreeMap<Uuid, JournalRow>, model: &Model) -> Histories {
    let mut histories = Histories::new();
    for wallet_id in model.wallets() {
        let mut walk = Walk::default();
        for entry in model.entries(wallet_id) {
            let row = &journal[&entry.transfer_id];
            if row.source_id == wallet_id
                && let Ok(Some((id, state))) = walk.take(row)
            {
                histories.entry(id).or_default().push(state);
            }
        }
    }
    histories
}

pub(super) fn check(evidence: &Evidence<'_>, violations: &mut Vec<Violation>) {
    let mut violate = |rule, detail: String| violations.push(Violation::new(rule, detail));
    let mut reads: HashMap<(Uuid, i64), Vec<&Read>> = HashMap::new();
    for read in &evidence.facts.reads {
        let place = (read.wallet_id, read.version);
        reads.entry(place).or_default().push(read);
    }
    for wallet_id in evidence.model.wallets() {
        wallet(evidence, wallet_id, &reads, &mut violate);
    }
    let rows = evidence.books.journal.values();
    for row in rows.filter(|row| !row.is_posted() && !row.effect.is_null()) {
        violate(
            Rule::HoldsFollow,
            format!("refused, with an effect: {row:?}"),
        );
    }
    for (id, row) in &evidence.books.holds {
        let last = evidence.holds.get(id).and_then(|states| states.last());
        if !last.is_some_and(|last| is_row(last, row)) {
            let detail = format!("{row:?}, expected {last:?}");
            violate(Rule::HoldIsItsJournal, detail);
        }
        if row.closed_by.is_none() && row.expires_us.is_some() {
            violate(Rule::HoldsEnd, format!("{row:?}"));
        }
    }
    for id in evidence.holds.keys() {
        if !evidence.books.holds.contains_key(id) {
            violate(Rule::HoldIsItsJournal, format!("hold {id} has no row"));
        }
    }
    for (id, asked) in &evidence.facts.items {
        for (look, around) in &asked.hold_looks {
            if !is_told(*id, look, *around, evidence) {
                let detail = format!("hold {id}: {} {} {around:?}", look.status, look.body);
                violate(Rule::ReadIsOfTheJournal, detail);
            }
        }
    }
}

/// Follows a wallet's entries, and compares what is held after each with the row and with what was
/// read at its version.
fn wallet(
    evidence: &Evidence<'_>,
    wallet_id: Uuid,
    reads: &HashMap<(Uuid, i64), Vec<&Read>>,
    violate: &mut impl FnMut(Rule, String),
) {
    let mut walk = Walk::default();
    for entry in evidence.model.entries(wallet_id) {
        let row = &evidence.books.journal[&entry.transfer_id];
        let is_source = row.source_id == wallet_id;
        let taken = if is_source {
            walk.take(row).map(drop)
        } else {
            // It is about no hold of this wallet.
            let other = JournalRow {
                terms: Value::Null,
                ..row.clone()
            };
            walk.take(&other).map(drop)
        };
        if let Err(why) = taken {
            violate(Rule::HoldsFollow, format!("{why}: {row:?}"));
        }
        let until = if is_source { "source" } else { "target" };
        let until = microseconds(&row.effect[format!("{until}_held_until")]);
        let held = walk.held_at(i64::MIN);
        if (entry.held, until) != held {
            let detail = format!("wallet {wallet_id}: expected {held:?} after {row:?}");
            violate(Rule::HoldsFollow, detail);
        }
        for read in reads.get(&(wallet_id, entry.version)).into_iter().flatten() {
            if !is_read(&walk, read) {
                let detail = format!("{read:?}, open holds {:?}", walk.open);
                violate(Rule::ReadIsOfTheJournal, detail);
            }
        }
    }
}

/// Whether a read says what was held at some moment between its question and its answer.
fn is_read(walk: &Walk, read: &Read) -> bool {
    let Around { sent_us, heard_us } = read.around;
    let ends = walk.open.values().filter_map(|hold| hold.expires_us);
    let between = ends.filter(|end| (sent_us..=heard_us).contains(end));
    let mut moments = between.chain([sent_us]);
    read.available == read.balance - read.held
        && moments.any(|at_us| walk.held_at(at_us) == (read.held, read.held_until_us))
}

fn is_row(last: &State, row: &HoldRow) -> bool {
    (last.amount, last.captured, last.version) == (row.amount, row.captured, row.version)
        && (last.expires_us, &last.closed_by) == (row.expires_us, &row.closed_by)
}

/// Whether GET /holds/{id} says how the hold was at the version that it names, at a moment between
/// question and answer.
pub(super) fn is_told(id: Uuid, look: &Answer, around: Around, evidence: &Evidence<'_>) -> bool {
    let states = evidence.holds.get(&id);
    if look.status == 404 {
        return states.is_none();
    }
    let body = look.json();
    let state = states
        .into_iter()
        .flatten()
        .find(|state| body["version"] == state.version);
    let Some(state) = state else {
        return false;
    };
    let expected = |at_us: i64| {
        let status = match state.closed_by.as_deref() {
            Some("expiry") => "expired",
            Some("release") => "released",
            Some(_) => "captured",
            None if state.is_due(at_us) => "expired",
            None => "open",
        };
        let is_open = status == "open";
        (status, if is_open { state.remaining() } else { 0 })
    };
    let told = (body["status"].as_str(), body["remaining"].as_i64());
    let fits = [around.sent_us, around.heard_us]
        .map(expected)
        .iter()
        .any(|(status, remaining)| told == (Some(*status), Some(*remaining)));
    fits && look.status == 200
        && body["id"] == id.to_string()
        && [&body["amount"], &body["captured"]] == [&json!(state.amount), &json!(state.captured)]
        && microseconds(&body["expires_at"]) == state.expires_us
}
