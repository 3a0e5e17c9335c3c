//! The holds of the model, and time, which ends them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Known, Model, Refusal, Transfer};
use crate::call::Caller;
use crate::cast::{ENDS, expiry, transfer_of_user};
use crate::terms::{Terms, Verb};

/// When a hold ends: on the model's clock, and as it is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Expiry {
    pub due: i64,
    pub told: String,
}

#[derive(Debug, Clone)]
pub(super) struct Hold {
    pub source: Uuid,
    pub target: Option<Uuid>,
    pub currency: String,
    pub amount: i64,
    pub captured: i64,
    pub expiry: Option<Expiry>,
    /// None while it is open.
    pub closed_by: Option<Verb>,
    pub reference: Option<String>,
    pub metadata: Value,
    pub created_version: i64,
    pub version: i64,
    pub created_at: String,
    pub updated_at: String,
}

impl Hold {
    pub fn is_open(&self) -> bool {
        self.closed_by.is_none()
    }

    /// What it keeps from its source.
    pub fn remaining(&self) -> i64 {
        if self.is_open() {
            self.amount - self.captured
        } else {
            0
        }
    }

    fn is_due(&self, now: i64) -> bool {
        self.is_open() && self.expiry.as_ref().is_some_and(|end| end.due <= now)
    }

    fn expires_at(&self) -> Option<&String> {
        self.expiry.as_ref().map(|end| &end.told)
    }

    /// What a row of the journal tells of it. `before` is the version of its row before that one.
    pub fn told(&self, before: Option<i64>) -> Value {
        json!({
            "hold_amount": self.amount, "hold_captured": self.captured, "hold_remaining": self.remaining(),
            "hold_expires_at": self.expires_at(), "hold_before": before,
        })
    }

    /// Its row in the table.
    fn stored(&self, id: Uuid) -> Value {
        json!({
            "id": id, "source_id": self.source, "target_id": self.target, "currency": self.currency,
            "amount": self.amount, "captured": self.captured, "is_open": self.is_open(),
            "expires_at": self.expires_at(), "closed_by": self.closed_by, "reference": self.reference,
            "metadata": self.metadata, "created_version": self.created_version, "version": self.version,
            "created_at": self.created_at, "updated_at": self.updated_at,
        })
    }

    /// What is read of it: it has ended once its time has come, also before that is written.
    fn row(&self, id: Uuid, now: i64) -> Value {
        let is_due = self.is_due(now);
        let status = match self.closed_by {
            Some(Verb::Expiry) => "expired",
            None if is_due => "expired",
            None => "open",
            Some(Verb::Release) => "released",
            Some(_) => "captured",
        };
        let mut row = self.stored(id);
        row["status"] = json!(status);
        row["remaining"] = json!(if is_due { 0 } else { self.remaining() });
        let fields = row.as_object_mut().expect("it is one");
        fields.remove("is_open");
        fields.remove("closed_by");
        row
    }
}

impl Model {
    /// Lets time go by.
    pub fn pass(&mut self, seconds: i32) {
        self.now += i64::from(seconds);
    }

    fn open_holds(&self, wallet: Uuid) -> impl Iterator<Item = (&Uuid, &Hold)> {
        let holds = self.holds.iter();
        holds.filter(move |(_, hold)| hold.source == wallet && hold.is_open())
    }

    /// What is held of a wallet and until when, where nobody writes what has ended.
    pub(super) fn held(&self, wallet: Uuid) -> (i64, Option<String>) {
        self.held_of(wallet, |_| true)
    }

    /// The same as it is read.
    pub(super) fn held_now(&self, wallet: Uuid) -> (i64, Option<String>) {
        self.held_of(wallet, |hold| !hold.is_due(self.now))
    }

    fn held_of(&self, wallet: Uuid, counts: impl Fn(&Hold) -> bool) -> (i64, Option<String>) {
        let holds = || {
            self.open_holds(wallet)
                .map(|(_, hold)| hold)
                .filter(|hold| counts(hold))
        };
        let first = holds().filter_map(|hold| hold.expiry.as_ref()).min();
        let held = holds().map(Hold::remaining).sum();
        (held, first.map(|end| end.told.clone()))
    }

    /// The wallets of which a hold has ended that nobody has written.
    pub fn overdue(&self) -> BTreeSet<Uuid> {
        let due = self.holds.values().filter(|hold| hold.is_due(self.now));
        due.map(|hold| hold.source).collect()
    }

    /// Writes the ends of holds of wallets that are locked.
    pub(super) fn expire(&mut self, wallets: &BTreeSet<Uuid>, moment: &str) {
        for wallet in wallets {
            let due = self
                .open_holds(*wallet)
                .filter(|(_, hold)| hold.is_due(self.now));
            let mut due: Vec<_> = due.map(|(id, hold)| (hold.expiry.clone(), *id)).collect();
            due.sort();
            for (_, id) in due {
                self.expire_one(id, moment);
            }
        }
    }

    fn expire_one(&mut self, id: Uuid, moment: &str) {
        let mut hold = self.holds[&id].clone();
        let (source, remaining, before) = (hold.source, hold.remaining(), hold.version);
        let quiet_from = self.wallets[&source].quiet_from;
        let entry = self.enter(source, 0, moment);
        if let Some(wallet) = self.wallets.get_mut(&source) {
            wallet.quiet_from = quiet_from;
        }
        hold.closed_by = Some(Verb::Expiry);
        hold.version = entry[0];
        moment.clone_into(&mut hold.updated_at);
        let told = hold.told(Some(before));
        let terms = Terms {
            expires_at: hold.expires_at().cloned(),
            ..Terms::about(Verb::Expiry, id)
        };
        let currency = hold.currency.clone();
        self.holds.insert(id, hold);
        let row = Transfer {
            outcome: "posted",
            source,
            target: None,
            amount: Some(remaining),
            currency,
            entries: [Some(entry), None],
            reference: None,
            metadata: json!({}),
            request_id: None,
            created_at: moment.to_owned(),
            terms: Some(terms),
            amount_asked: Some(remaining),
            effect: self.effect(source, None, told),
        };
        self.store(expiry(id), row);
    }

    /// What is held of two wallets, beside what is told of a hold.
    pub(super) fn effect(&self, source: Uuid, target: Option<Uuid>, told: Value) -> Value {
        let mut effect = json!({
            "hold_amount": null, "hold_captured": null, "hold_remaining": null, "hold_expires_at": null,
            "hold_before": null,
        });
        if !told.is_null() {
            effect = told;
        }
        for (side, wallet) in [("source", Some(source)), ("target", target)] {
            let (held, until) = wallet.map_or((0, None), |wallet| self.held(wallet));
            effect[format!("{side}_held")] = json!((held != 0).then_some(held));
            effect[format!("{side}_held_until")] = json!(until);
        }
        let is_nothing = effect
            .as_object()
            .is_some_and(|fields| fields.values().all(Value::is_null));
        if is_nothing { Value::Null } else { effect }
    }

    /// What the table of holds has.
    pub(super) fn holds_stored(&self) -> Vec<Value> {
        self.holds
            .iter()
            .map(|(id, hold)| hold.stored(*id))
            .collect()
    }

    pub(super) fn holds_get(&self, caller: Caller, ids: &[Uuid]) -> Result<Vec<Value>, Refusal> {
        let known = self.admit(caller, "read")?;
        let rows = ids.iter().map(|id| {
            let of_user = known.user.map(|user| transfer_of_user(user, *id));
            let names = of_user.into_iter().chain([*id]);
            let found = names
                .into_iter()
                .find_map(|id| Some((id, self.hold_seen(known, id)?)));
            match found {
                Some((id, hold)) => hold.row(id, self.now),
                None => no_hold(),
            }
        });
        Ok(rows.collect())
    }

    fn hold_seen(&self, known: Known, id: Uuid) -> Option<&Hold> {
        let hold = self.holds.get(&id)?;
        self.visible(known, hold.source).map(|_| hold)
    }

    pub(super) fn hold_list(
        &self,
        caller: Caller,
        wallet: Uuid,
        is_open: Option<bool>,
    ) -> Result<Vec<Value>, Refusal> {
        self.wallet_get(caller, wallet)?;
        let holds = self.holds.iter().filter(|(_, hold)| hold.source == wallet);
        let mut holds: Vec<_> = holds
            .filter(|(_, hold)| {
                is_open.is_none_or(|is| is == (hold.is_open() && !hold.is_due(self.now)))
            })
            .collect();
        holds.sort_by_key(|(_, hold)| -hold.created_version);
        Ok(holds
            .into_iter()
            .map(|(id, hold)| hold.row(*id, self.now))
            .collect())
    }
}

fn no_hold() -> Value {
    let names = [
        "id",
        "status",
        "source_id",
        "target_id",
        "currency",
        "amount",
        "captured",
        "remaining",
        "expires_at",
        "reference",
        "metadata",
        "created_version",
        "version",
        "created_at",
        "updated_at",
    ];
    names
        .iter()
        .map(|name| ((*name).to_owned(), Value::Null))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// When a time that a request gives is, on the model's clock: after all that a case lets go by.
/// None where no hold may end then.
pub(super) fn due_of(told: &str) -> Option<i64> {
    let place = ENDS.iter().position(|end| end == told)?;
    let years = i64::try_from(place)
        .ok()
        .filter(|_| matches!(place, 1 | 2))?;
    Some(i64::MAX / 2 + years)
}
