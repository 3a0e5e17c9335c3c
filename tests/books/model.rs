//! What the functions must answer: their contract, computed in memory and one call at a time.

mod asks;
mod faults;
mod groups;
mod holds;
mod keys;
mod promises;
mod results;
mod transfers;
mod trial;
mod users;
mod verdict;
mod wallets;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::Answer;
use crate::call::{Call, Caller, Session};
use crate::cast::{Key, USERS, user};
use crate::terms::Terms;

/// What a refusal is: its SQLSTATE and the field at fault.
type Refusal = (&'static str, &'static str);

const UNAUTHENTICATED: Refusal = ("WL016", "");
const FORBIDDEN: Refusal = ("WL017", "");

/// A book as it is after some calls.
#[derive(Debug, Clone)]
pub struct Model {
    users: BTreeMap<Uuid, Value>,
    wallets: BTreeMap<Uuid, Wallet>,
    transfers: BTreeMap<Uuid, Transfer>,
    holds: BTreeMap<Uuid, holds::Hold>,
    /// Originals and what reverses them, in order.
    reversals: Vec<(Uuid, Uuid)>,
    /// How many seconds have gone by.
    now: i64,
    revoked: BTreeMap<Key, String>,
    /// The events that wait, as `type subject`.
    events: BTreeSet<String>,
    audit: Vec<String>,
    /// How many times were named.
    times: u32,
    /// Whether another session may hold wallets.
    pub may_be_busy: bool,
    /// Transfers of another session that may not have been committed when the call looked: what is
    /// refused and not stored may be refused as if their ids were free.
    pub may_be_unseen: BTreeSet<Uuid>,
    /// Wallets that the call could not lock.
    pub unlocked: BTreeSet<Uuid>,
}

#[derive(Debug, Clone)]
struct Wallet {
    /// None for an issuance wallet.
    user: Option<Uuid>,
    currency: String,
    balance: i64,
    floor: Option<i64>,
    version: i64,
    /// The version since which holds have ended and nothing else has happened.
    quiet_from: i64,
    is_frozen: bool,
    status_version: i64,
    transfer_max: Option<i64>,
    daily_max: Option<i64>,
    /// The version from which on the daily limit counts.
    counted_from: Option<i64>,
    /// The version of the first entry by which something left.
    left_first: Option<i64>,
    /// What has left, whenever.
    spent: i128,
    reference: Option<String>,
    metadata: Value,
    created_at: String,
    updated_at: String,
    initial_balance: i64,
    /// What the creation answered.
    answer: Value,
}

#[derive(Debug, Clone)]
struct Transfer {
    outcome: &'static str,
    source: Uuid,
    target: Option<Uuid>,
    amount: Option<i64>,
    currency: String,
    /// Version and balance of the source, and of the target.
    entries: [Option<[i64; 2]>; 2],
    reference: Option<String>,
    metadata: Value,
    request_id: Option<String>,
    created_at: String,
    terms: Option<Terms>,
    amount_asked: Option<i64>,
    effect: Value,
}

/// Who calls, once it is known.
#[derive(Debug, Clone, Copy)]
struct Known {
    scope: &'static str,
    user: Option<Uuid>,
}

impl Known {
    fn may(self, permission: &str) -> bool {
        match permission {
            "read" => true,
            "spend" => matches!(self.scope, "user" | "service" | "admin"),
            "serve" => matches!(self.scope, "service" | "admin"),
            _ => self.scope == "admin",
        }
    }
}

impl Model {
    /// A book with the cast's users and keys.
    pub fn new() -> Self {
        let mut model = Self {
            users: BTreeMap::new(),
            wallets: BTreeMap::new(),
            transfers: BTreeMap::new(),
            holds: BTreeMap::new(),
            reversals: Vec::new(),
            now: 0,
            revoked: BTreeMap::new(),
            events: BTreeSet::new(),
            audit: Vec::new(),
            times: 0,
            may_be_busy: false,
            may_be_unseen: BTreeSet::new(),
            unlocked: BTreeSet::new(),
        };
        for number in 0..USERS {
            let created_at = model.time('c');
            let row = json!({
                "id": user(number), "name": "user", "email": null, "reference": null, "metadata": {},
                "created_at": created_at, "replayed": false,
            });
            model.users.insert(user(number), row);
        }
        model
    }

    /// Makes a call. `actual` is what it answered: new ids are taken from there, and whether a
    /// wallet was busy.
    pub fn call(&mut self, call: &Call, actual: &Answer) -> Answer {
        let before = self.clone();
        match self.answer(call, actual) {
            Ok(rows) => Answer::Rows(rows),
            Err((code, field)) => {
                *self = before; // What is refused has changed nothing.
                Answer::refused(code, field)
            }
        }
    }

    fn answer(&mut self, call: &Call, actual: &Answer) -> Result<Vec<Value>, Refusal> {
        match call {
            Call::UserCreate(caller, request) => self.user_create(*caller, request, actual),
            Call::UserGet(caller, id) => self.user_get(*caller, *id),
            Call::WalletCreate(caller, request) => self.wallet_create(*caller, request, actual),
            Call::WalletGet(caller, id) => self.wallet_get(*caller, *id),
            Call::WalletsGet(session, wallets) => self.wallets_get(*session, wallets),
            Call::EntryList {
                caller,
                wallet,
                before,
                limit,
            } => self.entry_list(*caller, *wallet, *before, *limit),
            Call::TransfersPost(session, asks) => self.transfers_post(*session, asks, actual),
            Call::DryRun(session, asks) => self.try_out(*session, asks, actual),
            Call::TransferCreate(caller, request, terms) => {
                self.transfer_create(*caller, request, terms.as_ref(), actual)
            }
            Call::GroupCreate(caller, id, legs) => self.group_create(*caller, *id, legs, actual),
            Call::GroupGet(caller, id) => self.group_get(*caller, *id),
            Call::HoldsGet(caller, ids) => self.holds_get(*caller, ids),
            Call::HoldList {
                caller,
                wallet,
                is_open,
            } => self.hold_list(*caller, *wallet, *is_open),
            Call::Pass(seconds) => {
                self.pass(*seconds);
                Ok(vec![json!({"book_pass": ""})])
            }
            Call::TransferGet(caller, id) => self.transfer_get(*caller, *id),
            Call::WalletFreeze(caller, id, reason) => self.status_set(*caller, *id, true, reason),
            Call::WalletUnfreeze(caller, id, reason) => {
                self.status_set(*caller, *id, false, reason)
            }
            Call::WalletLimitsSet {
                caller,
                wallet,
                transfer_max,
                daily_max,
                reason,
            } => self.limits_set(*caller, *wallet, [*transfer_max, *daily_max], reason),
            Call::WalletLimitsGet(caller, id) => self.limits_get(*caller, *id),
            Call::KeyRevoke(caller, key, reason) => self.key_revoke(*caller, *key, reason),
            // What is appended is compared by the test that makes such calls.
            Call::OutboxAppend => match actual {
                Answer::Rows(rows) => Ok(rows.clone()),
                Answer::Refused(..) => Ok(vec![]),
            },
            Call::Verify => Ok(vec![]),
        }
    }

    /// Who calls; None for nobody that is known.
    fn find(&self, session: Session, key: Option<Key>) -> Option<Known> {
        let Some(key) = key else {
            let operator = Known {
                scope: "admin",
                user: None,
            };
            return (session == Session::Operator).then_some(operator);
        };
        let (scope, user) = key.scope()?;
        (!self.revoked.contains_key(&key)).then_some(Known { scope, user })
    }

    fn admit(&self, caller: Caller, permission: &str) -> Result<Known, Refusal> {
        let known = self
            .find(caller.session, caller.key)
            .ok_or(UNAUTHENTICATED)?;
        if known.may(permission) {
            Ok(known)
        } else {
            Err(FORBIDDEN)
        }
    }

    /// The name of a time: `m` for the moment of a change, `c` for a creation.
    fn time(&mut self, kind: char) -> String {
        self.times += 1;
        format!("@{kind}{:06}", self.times)
    }

    fn record(&mut self, action: &str, subjects: &[Uuid], key: Option<Key>) {
        let subjects: Vec<String> = subjects.iter().map(Uuid::to_string).collect();
        let by = key.map_or_else(|| "remit_operator".to_owned(), |key| key.id().to_string());
        let line = format!("{action} {} by {by}", subjects.join(" "));
        self.audit.push(line);
    }

    /// What the tables must hold, in the form of `book_state` in book.sql.
    pub fn state(&self) -> Value {
        let or_null = |rows: Vec<Value>| {
            if rows.is_empty() {
                Value::Null
            } else {
                json!(rows)
            }
        };
        let mut audit = self.audit.clone();
        audit.sort();
        let wallets = self
            .wallets
            .iter()
            .map(|(id, wallet)| wallet.stored(*id, self.held(*id)));
        let originals: BTreeSet<_> = self.reversals.iter().map(|(of, _)| *of).collect();
        let reversed = originals.into_iter().map(|id| {
            let (amount, reversals) = self.reversed(id);
            json!({"transfer_id": id, "amount": amount, "reversal_ids": reversals})
        });
        let transfers = self
            .transfers
            .iter()
            .map(|(id, transfer)| transfer.stored(*id));
        json!({
            "wallets": or_null(wallets.collect()),
            "transfers": or_null(transfers.collect()),
            "holds": or_null(self.holds_stored()),
            "reversed": or_null(reversed.collect()),
            "violations": null,
            "entries_that_go_back_in_time": null,
            "events_out_of_order": null,
            "events": or_null(self.events.iter().map(|event| json!(event)).collect()),
            "audit": or_null(audit.iter().map(|line| json!(line)).collect()),
        })
    }

    /// Names no time as what was rolled back did.
    pub fn undo(&mut self, rolled_back: &Self) {
        self.times = rolled_back.times;
    }

    /// Moves the events that wait to the log.
    pub fn append(&mut self) {
        self.events.clear();
    }

    /// The ids of the transfers that are stored.
    pub fn transfer_ids(&self) -> BTreeSet<Uuid> {
        self.transfers.keys().copied().collect()
    }

    /// The events that wait.
    pub fn events(&self) -> &BTreeSet<String> {
        &self.events
    }
}

/// Refuses a reference or metadata that breaks the rules.
fn check_labels(reference: Option<&String>, metadata: Option<&Value>) -> Result<(), Refusal> {
    if reference.is_some_and(|text| text.chars().count() > 200) {
        return Err(("WL001", "reference"));
    }
    if metadata.is_some_and(|metadata| !is_flat(metadata)) {
        return Err(("WL001", "metadata"));
    }
    Ok(())
}

/// Whether it is a flat object of strings, of at most 4 KiB as PostgreSQL writes it.
fn is_flat(metadata: &Value) -> bool {
    let Some(object) = metadata.as_object() else {
        return false;
    };
    let bytes: usize = object
        .iter()
        .map(|(name, value)| name.len() + value.as_str().map_or(0, str::len) + 8)
        .sum();
    // `{"a": "b", "c": "d"}`: six bytes around each pair, two between pairs, two around all.
    let bytes = if object.is_empty() { 2 } else { bytes };
    object.values().all(Value::is_string) && bytes <= 4_096
}

/// Refuses a reason that is too short or too long. A person's session has one for what is done
/// without.
fn check_reason(reason: Option<&String>) -> Result<(), Refusal> {
    if reason.is_none_or(|reason| (1..=200).contains(&reason.chars().count())) {
        Ok(())
    } else {
        Err(("WL001", "reason"))
    }
}
