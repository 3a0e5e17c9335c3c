//! The transfers of the model.

use serde_json::{Value, json};
use uuid::Uuid;

use super::asks::Meant;
use super::faults::Fault;
use super::results::{
    clear, code_of, field_of, groups_are_whole, hide, is_stored, outcome_of, unstored,
};
use super::verdict::No;
use super::{Known, Model, Refusal, Transfer};
use crate::answer::Answer;
use crate::call::{Ask, Caller, Session, TransferRequest};
use crate::cast::{Key, transfer_of_user};
use crate::terms::{Terms, Verb};

impl Model {
    pub(super) fn transfers_post(
        &mut self,
        session: Session,
        asks: &[Ask],
        actual: &Answer,
    ) -> Result<Vec<Value>, Refusal> {
        if !(1..=1_000).contains(&asks.len()) {
            return Err(("WL001", "requests"));
        }
        if asks.iter().any(|ask| ask.key == Some(Key::Empty)) {
            return Err(("WL001", "key_sha256s"));
        }
        if !groups_are_whole(asks) {
            return Err(("WL001", "terms"));
        }
        let moment = self.time('m');
        let asks = self.meant(session, asks);
        self.expire(&self.locked(&asks), &moment);
        let mut rows: Vec<Value> = Vec::new();
        while let Some(ask) = asks.get(rows.len()) {
            let place = rows.len();
            let size = ask.terms.as_ref().and_then(|terms| terms.group_size);
            match size.map(|size| usize::try_from(size).expect("the group is whole")) {
                Some(size) => {
                    let heard = (place..place + size).map(|place| actual.row(place));
                    let heard: Vec<&Value> = heard.collect();
                    rows.extend(self.post_group(&asks[place..place + size], &moment, &heard));
                }
                None => rows.push(self.post(ask, &moment, actual.row(place))),
            }
        }
        let stored = rows
            .iter()
            .filter(|row| is_stored(&row["outcome"]) && row["replayed"] == false);
        // A user's key has given it an id of the user's name space.
        let stored = stored.map(|row| row["id"].as_str().expect("what is stored has an id"));
        let stored: Vec<Uuid> = stored.map(|id| id.parse().expect("it is a UUID")).collect();
        if !stored.is_empty() && session == Session::Operator {
            self.record("transfers_post", &stored, None);
        }
        Ok(rows)
    }

    pub(super) fn transfer_create(
        &mut self,
        caller: Caller,
        request: &TransferRequest,
        terms: Option<&Terms>,
        actual: &Answer,
    ) -> Result<Vec<Value>, Refusal> {
        let known = self.admit(caller, "spend")?;
        let ask = Ask {
            key: caller.key,
            request: request.clone(),
            terms: terms.cloned(),
        };
        self.post_by_hand(known, caller, &[ask], actual)
    }

    /// Posts what a person waits for: none of the wallets is ever busy, and what is not stored is
    /// an error.
    pub(super) fn post_by_hand(
        &mut self,
        known: Known,
        caller: Caller,
        asks: &[Ask],
        actual: &Answer,
    ) -> Result<Vec<Value>, Refusal> {
        let may_be_busy = std::mem::take(&mut self.may_be_busy);
        let heard = vec![json!({"outcome": outcome_of(actual)}); asks.len()];
        let rows = self.transfers_post(caller.session, asks, &Answer::Rows(heard));
        self.may_be_busy = may_be_busy;
        let rows = rows?;
        // Of a group, the leg that is at fault tells the field.
        let unstored = rows.iter().filter(|row| !is_stored(&row["outcome"]));
        let unstored = unstored.min_by_key(|row| row["field"].is_null());
        if let Some(row) = unstored {
            return Err((code_of(&row["outcome"]), field_of(row)));
        }
        let seen = rows
            .into_iter()
            .map(|row| self.seen(known, row).unwrap_or(Value::Null));
        Ok(seen.collect())
    }

    pub(super) fn transfer_get(&self, caller: Caller, id: Uuid) -> Result<Vec<Value>, Refusal> {
        let known = self.admit(caller, "read")?;
        let of_user = known.user.map(|user| transfer_of_user(user, id));
        let id = of_user
            .into_iter()
            .chain([id])
            .find(|id| self.transfers.contains_key(id));
        let row = id.and_then(|id| self.seen(known, self.row_now(id)));
        row.map(|row| vec![row]).ok_or(NOT_FOUND)
    }

    /// A row of the journal with what was reversed of it.
    pub(super) fn row_now(&self, id: Uuid) -> Value {
        let mut row = self.transfers[&id].row(id, false);
        let (amount, reversals) = self.reversed(id);
        row["reversed"] = json!(amount);
        row["reversal_ids"] = json!(reversals);
        row
    }

    /// How much of a transfer was reversed, and by what.
    pub(super) fn reversed(&self, original: Uuid) -> (i64, Vec<Uuid>) {
        let reversals = self.reversals.iter().filter(|(of, _)| *of == original);
        let reversals: Vec<Uuid> = reversals.map(|(_, id)| *id).collect();
        let amounts = reversals.iter().filter_map(|id| self.transfers[id].amount);
        (amounts.sum(), reversals)
    }

    /// What a caller sees of a row: all of its own side, and nothing of the other's balance. None
    /// where it is no business of its.
    pub(super) fn seen(&self, known: Known, mut row: Value) -> Option<Value> {
        let sees = |side: &str| {
            let id = row[format!("{side}_id")].as_str()?.parse().ok()?;
            self.visible(known, id)
        };
        let [sees_source, sees_target] = ["source", "target"].map(|side| sees(side).is_some());
        if !sees_source && (!sees_target || row["outcome"] != "posted") {
            return None;
        }
        if !sees_source {
            hide(&mut row, "source");
            for field in [
                "hold_amount",
                "hold_captured",
                "hold_remaining",
                "hold_expires_at",
                "hold_before",
            ] {
                clear(&mut row["effect"], field);
            }
            row["amount_asked"] = Value::Null;
            clear(&mut row["terms"], "at_most");
            clear(&mut row["terms"], "source_version");
            clear(&mut row["terms"], "source_balance_min");
        }
        if !sees_target {
            hide(&mut row, "target");
        }
        for record in ["effect", "terms"] {
            if row[record]
                .as_object()
                .is_some_and(|fields| fields.values().all(Value::is_null))
            {
                row[record] = Value::Null;
            }
        }
        Some(row)
    }

    /// Decides one request, and gives its result.
    fn post(&mut self, ask: &Meant, moment: &str, actual: &Value) -> Value {
        let refusal = self.refusal(ask, actual);
        if let Some(row) = self.replay(ask, refusal, actual) {
            return row;
        }
        if let Some(fault) = refusal {
            return unstored(ask, fault);
        }
        match self.verdict(ask, moment) {
            Err(No::Refused(fault)) => unstored(ask, fault),
            Err(No::Rejected(outcome, amount)) => {
                let row = self.row_of(ask, outcome, amount, moment);
                self.store_answer(ask, row)
            }
            Ok(deed) => {
                let row = self.perform(ask, deed, moment);
                self.store_answer(ask, row)
            }
        }
    }

    /// Stores a row of the journal, and gives the result.
    pub(super) fn store_answer(&mut self, ask: &Meant, row: Transfer) -> Value {
        let id = ask.request.id.expect("it was refused without");
        let answer = row.row(id, false);
        self.store(id, row);
        answer
    }

    pub(super) fn store(&mut self, id: Uuid, row: Transfer) {
        self.events.insert(format!("{} {id}", row.event()));
        if let Some(Terms {
            kind: Some(Verb::Reversal),
            subject_id: Some(of),
            ..
        }) = row.terms
            && row.outcome == "posted"
        {
            self.reversals.push((of, id));
        }
        self.transfers.insert(id, row);
    }

    /// The answer where the id is taken: the stored one to the same content. A caller that may not
    /// spend hears none. What another session has just stored may not have been seen.
    pub(super) fn replay(
        &self,
        ask: &Meant,
        refusal: Option<Fault>,
        actual: &Value,
    ) -> Option<Value> {
        if refusal.is_some_and(|(outcome, _)| matches!(outcome, "unauthenticated" | "forbidden")) {
            return None;
        }
        let id = ask.request.id?;
        let stored = self.transfers.get(&id)?;
        if self.may_be_unseen.contains(&id)
            && refusal.is_some_and(|(outcome, _)| actual["outcome"] == outcome)
        {
            return None;
        }
        let request = &ask.request;
        // An omitted currency means the source's.
        let currency = request
            .currency
            .as_ref()
            .unwrap_or(&self.wallets[&stored.source].currency);
        let asked = if ask.terms.is_some() {
            stored.amount_asked
        } else {
            stored.amount
        };
        let is_same = request.source_id == Some(stored.source)
            && request.target_id == stored.target
            && request.amount == asked
            && ask.terms == stored.terms
            && request.reference == stored.reference
            && *currency == stored.currency
            && request.metadata.clone().unwrap_or_else(|| json!({})) == stored.metadata;
        if is_same {
            return Some(stored.row(id, true));
        }
        Some(unstored(ask, ("idempotency_key_reused", "")))
    }

    /// A row of the journal that changes nothing.
    pub(super) fn row_of(
        &self,
        ask: &Meant,
        outcome: &'static str,
        amount: Option<i64>,
        moment: &str,
    ) -> Transfer {
        let request = ask.request.clone();
        let source = request.source_id.expect("it was refused without");
        Transfer {
            outcome,
            source,
            target: request.target_id,
            amount,
            currency: request
                .currency
                .unwrap_or_else(|| self.wallets[&source].currency.clone()),
            entries: [None, None],
            reference: request.reference,
            metadata: request.metadata.unwrap_or_else(|| json!({})),
            request_id: request.request_id,
            created_at: moment.to_owned(),
            terms: ask.terms.clone(),
            amount_asked: ask.asked(),
            effect: Value::Null,
        }
    }

    /// Makes an entry; gives the version and balance after it.
    pub(super) fn enter(&mut self, wallet: Uuid, amount: i64, moment: &str) -> [i64; 2] {
        let wallet = self.wallets.get_mut(&wallet).expect("it was found before");
        wallet.balance += amount;
        wallet.version += 1;
        wallet.quiet_from = wallet.version;
        moment.clone_into(&mut wallet.updated_at);
        [wallet.version, wallet.balance]
    }
}

const NOT_FOUND: Refusal = ("WL004", "transfer_id");

impl Transfer {
    /// The type of its event.
    fn event(&self) -> &'static str {
        let verb = self.terms.as_ref().and_then(|terms| terms.kind);
        match verb {
            _ if self.outcome != "posted" => "transfer.rejected",
            Some(Verb::Hold) => "hold.authorised",
            Some(Verb::Adjustment) => "hold.adjusted",
            Some(Verb::Release) => "hold.released",
            Some(Verb::Expiry) => "hold.expired",
            None | Some(Verb::Capture | Verb::Reversal) => "transfer.posted",
        }
    }

    pub(super) fn row(&self, id: Uuid, replayed: bool) -> Value {
        let mut row = self.stored(id);
        for name in ["field", "reversed", "reversal_ids"] {
            row[name] = Value::Null;
        }
        row["replayed"] = json!(replayed);
        row
    }

    /// Its row in the table.
    pub(super) fn stored(&self, id: Uuid) -> Value {
        let [source, target] = self
            .entries
            .map(|entry| entry.map_or([None; 2], |entry| entry.map(Some)));
        json!({
            "id": id, "outcome": self.outcome, "source_id": self.source, "target_id": self.target,
            "amount": self.amount, "currency": self.currency,
            "source_version": source[0], "source_balance": source[1],
            "target_version": target[0], "target_balance": target[1],
            "reference": self.reference, "metadata": self.metadata, "request_id": self.request_id,
            "created_at": self.created_at, "terms": self.terms, "amount_asked": self.amount_asked,
            "effect": self.effect,
        })
    }
}
