//! The transfers of the model.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Known, Model, Refusal, Transfer, check_labels};
use crate::answer::Answer;
use crate::call::{Ask, Caller, Session, TransferRequest};
use crate::cast::{AMOUNT_MAX, Key, transfer_of_user};

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
        let moment = self.time('m');
        let mut recorded = Vec::new();
        let rows = asks.iter().enumerate().map(|(place, ask)| {
            let row = self.post(session, ask, &moment, actual.row(place));
            let is_new = is_stored(&row["outcome"]) && row["replayed"] == false;
            if is_new && session == Session::Operator {
                // A user's key has given it an id of the user's name space.
                let id = row["id"].as_str().expect("what is stored has an id");
                recorded.push(id.parse().expect("it is a UUID"));
            }
            row
        });
        let rows = rows.collect();
        if !recorded.is_empty() {
            self.record("transfers_post", &recorded, None);
        }
        Ok(rows)
    }

    pub(super) fn transfer_create(
        &mut self,
        caller: Caller,
        request: &TransferRequest,
        actual: &Answer,
    ) -> Result<Vec<Value>, Refusal> {
        let known = self.admit(caller, "spend")?;
        let ask = Ask {
            key: caller.key,
            request: request.clone(),
        };
        // It waits for wallets, so none of them is ever busy.
        let may_be_busy = std::mem::take(&mut self.may_be_busy);
        let actual = Answer::Rows(vec![json!({"outcome": outcome_of(actual)})]);
        let rows = self.transfers_post(caller.session, &[ask], &actual);
        self.may_be_busy = may_be_busy;
        let mut rows = rows?;
        let target = request.target_id;
        if target.is_none_or(|target| self.visible(known, target).is_none()) {
            hide(&mut rows[0], "target");
        }
        let field = match rows[0]["field"].as_str() {
            Some("source_id") => "source_id",
            Some("target_id") => "target_id",
            Some("amount") => "amount",
            Some("currency") => "currency",
            Some("reference") => "reference",
            Some("metadata") => "metadata",
            _ => "id",
        };
        match rows[0]["outcome"].as_str() {
            Some("invalid_field") => Err(("WL001", field)),
            Some("wallet_not_found") => Err(("WL002", field)),
            Some("idempotency_key_reused") => Err(("WL005", field)),
            Some("same_wallet") => Err(("WL006", field)),
            _ => Ok(rows),
        }
    }

    pub(super) fn transfer_get(&self, caller: Caller, id: Uuid) -> Result<Vec<Value>, Refusal> {
        let known = self.admit(caller, "read")?;
        let of_user = known.user.map(|user| transfer_of_user(user, id));
        let found = of_user.into_iter().chain([id]).find_map(|id| {
            let transfer = self.transfers.get(&id)?;
            Some((id, transfer))
        });
        let (id, transfer) = found.ok_or(NOT_FOUND)?;
        let mut row = transfer.row(id, false);
        if self.visible(known, transfer.source).is_none() {
            let is_received = self.visible(known, transfer.target).is_some();
            if !is_received || transfer.outcome != "posted" {
                return Err(NOT_FOUND);
            }
            hide(&mut row, "source");
        }
        if self.visible(known, transfer.target).is_none() {
            hide(&mut row, "target");
        }
        Ok(vec![row])
    }

    /// Decides one request, and gives its result.
    fn post(&mut self, session: Session, ask: &Ask, moment: &str, actual: &Value) -> Value {
        let mut request = ask.request.clone();
        let Some(known) = self.find(session, ask.key) else {
            return unstored(&request, "unauthenticated", None);
        };
        if let Some(user) = known.user {
            request.id = request.id.map(|id| transfer_of_user(user, id));
        }
        if !known.may("spend") {
            return unstored(&request, "forbidden", None);
        }
        let refusal = self.refusal(known, &request, actual);
        let is_unseen = request
            .id
            .is_some_and(|id| self.may_be_unseen.contains(&id))
            && refusal.is_some_and(|(outcome, _)| actual["outcome"] == outcome);
        if !is_unseen && let Some(row) = self.replay(&request) {
            return row;
        }
        if let Some((outcome, field)) = refusal {
            return unstored(&request, outcome, Some(field));
        }
        let id = request.id.expect("it was refused without");
        let transfer = self.decide(request, moment);
        let status = if transfer.outcome == "posted" {
            "posted"
        } else {
            "rejected"
        };
        self.events.insert(format!("transfer.{status} {id}"));
        let row = transfer.row(id, false);
        self.transfers.insert(id, transfer);
        row
    }

    /// The answer where the id is taken: the stored one to the same content.
    fn replay(&self, request: &TransferRequest) -> Option<Value> {
        let id = request.id?;
        let stored = self.transfers.get(&id)?;
        // An omitted currency means the source's.
        let currency = request
            .currency
            .as_ref()
            .unwrap_or(&self.wallets[&stored.source].currency);
        let is_same = request.source_id == Some(stored.source)
            && request.target_id == Some(stored.target)
            && request.amount == Some(stored.amount)
            && request.reference == stored.reference
            && *currency == stored.currency
            && request.metadata.clone().unwrap_or_else(|| json!({})) == stored.metadata;
        if is_same {
            return Some(stored.row(id, true));
        }
        Some(unstored(request, "idempotency_key_reused", None))
    }

    /// Why a request is not stored, and the field at fault.
    fn refusal(
        &self,
        known: Known,
        request: &TransferRequest,
        actual: &Value,
    ) -> Option<(&'static str, &'static str)> {
        let invalid = |field| Some(("invalid_field", field));
        if request.id.is_none() {
            return invalid("id");
        }
        let Some(source) = request.source_id else {
            return invalid("source_id");
        };
        let Some(target) = request.target_id else {
            return invalid("target_id");
        };
        if !request
            .amount
            .is_some_and(|amount| (1..=AMOUNT_MAX).contains(&amount))
        {
            return invalid("amount");
        }
        let is_code =
            |text: &String| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if !request.currency.as_ref().is_none_or(is_code) {
            return invalid("currency");
        }
        if let Err((_, field)) = check_labels(request.reference.as_ref(), request.metadata.as_ref())
        {
            return invalid(field);
        }
        if source == target {
            return Some(("same_wallet", "target_id"));
        }
        if self.visible(known, source).is_none() {
            return Some(("wallet_not_found", "source_id"));
        }
        if self.may_be_busy && actual["outcome"] == "wallet_busy" {
            let is_target = actual["field"] == "target_id";
            return Some((
                "wallet_busy",
                if is_target { "target_id" } else { "source_id" },
            ));
        }
        (!self.wallets.contains_key(&target)).then_some(("wallet_not_found", "target_id"))
    }

    /// Posts or rejects what is well-formed.
    fn decide(&mut self, request: TransferRequest, moment: &str) -> Transfer {
        let [source_id, target_id] =
            [request.source_id, request.target_id].map(|id| id.expect("it was refused without"));
        let amount = request.amount.expect("it was refused without");
        let (source, target) = (&self.wallets[&source_id], &self.wallets[&target_id]);
        let currency = request.currency.unwrap_or_else(|| source.currency.clone());
        let daily = source.daily_max.map(|max| (source.daily_spent(), max));
        let outcome = if currency != source.currency || currency != target.currency {
            "currency_mismatch"
        } else if source.is_frozen || target.is_frozen {
            "wallet_frozen"
        } else if source
            .floor
            .is_some_and(|floor| source.balance - amount < floor)
        {
            "insufficient_funds"
        } else if source.transfer_max.is_some_and(|max| amount > max)
            || daily.is_some_and(|(spent, max)| spent + amount > max)
        {
            "limit_exceeded"
        } else if target.balance + amount > AMOUNT_MAX || source.balance - amount < -AMOUNT_MAX {
            "balance_limit_exceeded"
        } else {
            "posted"
        };
        let entries = (outcome == "posted").then(|| {
            let [source_version, source_balance] = self.enter(source_id, -amount, moment);
            let [target_version, target_balance] = self.enter(target_id, amount, moment);
            [
                source_version,
                source_balance,
                target_version,
                target_balance,
            ]
        });
        Transfer {
            outcome,
            source: source_id,
            target: target_id,
            amount,
            currency,
            entries,
            reference: request.reference,
            metadata: request.metadata.unwrap_or_else(|| json!({})),
            request_id: request.request_id,
            created_at: moment.to_owned(),
        }
    }

    /// Makes an entry; gives the version and balance after it.
    fn enter(&mut self, wallet: Uuid, amount: i64, moment: &str) -> [i64; 2] {
        let wallet = self.wallets.get_mut(&wallet).expect("it was found before");
        wallet.balance += amount;
        wallet.version += 1;
        wallet.spent += i128::from(-amount.min(0));
        if amount < 0 {
            wallet.left_first.get_or_insert(wallet.version);
        }
        moment.clone_into(&mut wallet.updated_at);
        [wallet.version, wallet.balance]
    }
}

const NOT_FOUND: Refusal = ("WL004", "transfer_id");

/// The outcome behind an error of `transfer_create`, where that is one of a refusal that is not
/// stored.
fn outcome_of(answer: &Answer) -> Option<&'static str> {
    let Answer::Refused(code, _) = answer else {
        return None;
    };
    match code.as_str() {
        "WL001" => Some("invalid_field"),
        "WL002" => Some("wallet_not_found"),
        "WL006" => Some("same_wallet"),
        _ => None,
    }
}

/// Leaves out what a result says of a wallet that is not the caller's.
fn hide(row: &mut Value, side: &str) {
    row[format!("{side}_version")] = Value::Null;
    row[format!("{side}_balance")] = Value::Null;
}

/// The result of a request that left nothing behind: it repeats the request.
fn unstored(request: &TransferRequest, outcome: &str, field: Option<&str>) -> Value {
    json!({
        "id": request.id, "outcome": outcome, "field": field, "replayed": false,
        "source_id": request.source_id, "target_id": request.target_id,
        "amount": request.amount, "currency": request.currency,
        "source_version": null, "source_balance": null, "target_version": null, "target_balance": null,
        "reference": request.reference, "metadata": request.metadata.clone().unwrap_or_else(|| json!({})),
        "request_id": request.request_id, "created_at": null,
    })
}

/// Whether an outcome is kept under the request's id.
fn is_stored(outcome: &Value) -> bool {
    let stored = [
        "posted",
        "insufficient_funds",
        "wallet_frozen",
        "currency_mismatch",
        "limit_exceeded",
        "balance_limit_exceeded",
    ];
    outcome
        .as_str()
        .is_some_and(|outcome| stored.contains(&outcome))
}

impl Transfer {
    fn row(&self, id: Uuid, replayed: bool) -> Value {
        let mut row = self.stored(id);
        row["field"] = Value::Null;
        row["replayed"] = json!(replayed);
        row
    }

    /// Its row in the table.
    pub(super) fn stored(&self, id: Uuid) -> Value {
        let [
            source_version,
            source_balance,
            target_version,
            target_balance,
        ] = self.entries.map_or([None; 4], |entries| entries.map(Some));
        json!({
            "id": id, "outcome": self.outcome, "source_id": self.source, "target_id": self.target,
            "amount": self.amount, "currency": self.currency,
            "source_version": source_version, "source_balance": source_balance,
            "target_version": target_version, "target_balance": target_balance,
            "reference": self.reference, "metadata": self.metadata, "request_id": self.request_id,
            "created_at": self.created_at,
        })
    }
}
