//! The wallets of the model.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Known, Model, Refusal, Transfer, UNAUTHENTICATED, Wallet, check_labels, check_reason};
use crate::answer::Answer;
use crate::call::{Caller, Session, TransferRequest, WalletRequest};
use crate::cast::{AMOUNT_MAX, Key, initial_transfer, issuance_wallet};

const CURRENCIES: [&str; 2] = ["USD", "EUR"];

impl Model {
    pub(super) fn wallet_create(
        &mut self,
        caller: Caller,
        request: &WalletRequest,
        actual: &Answer,
    ) -> Result<Vec<Value>, Refusal> {
        self.admit(caller, "serve")?;
        let user = request.user_id.ok_or(("WL001", "user_id"))?;
        let initial_balance = request.initial_balance.unwrap_or(0);
        if !(0..=AMOUNT_MAX).contains(&initial_balance) {
            return Err(("WL001", "initial_balance"));
        }
        if request
            .floor
            .is_some_and(|floor| !(-AMOUNT_MAX..=AMOUNT_MAX).contains(&floor))
        {
            return Err(("WL001", "floor"));
        }
        if request.floor.is_some_and(|floor| initial_balance < floor) {
            return Err(("WL001", "initial_balance"));
        }
        check_labels(request.reference.as_ref(), request.metadata.as_ref())?;
        let currency = request.currency.clone().unwrap_or_default();
        if !CURRENCIES.contains(&currency.as_str()) {
            return Err(("WL008", "currency"));
        }
        self.user_get(caller, user)?;

        let new_id = actual.row(0)["id"].as_str().and_then(|id| id.parse().ok());
        let id = request.id.or(new_id).unwrap_or_default();
        if let Some(stored) = self.wallets.get(&id) {
            return stored.replay(request);
        }
        let created_at = self.time('c');
        let mut wallet = Wallet::new(Some(user), &currency, created_at);
        wallet.initial_balance = initial_balance;
        wallet.floor = request.floor;
        wallet.reference.clone_from(&request.reference);
        wallet.metadata = request.metadata.clone().unwrap_or_else(|| json!({}));
        self.wallets.insert(id, wallet);
        if caller.session == Session::Operator {
            self.record("wallet_create", &[id], None);
        }
        if initial_balance > 0 {
            self.issue(
                caller,
                id,
                &currency,
                initial_balance,
                request.request_id.clone(),
            )?;
        }
        let wallet = self.wallets.get_mut(&id).expect("it was made above");
        wallet.answer = wallet.row(id, (0, None));
        Ok(vec![wallet.answer.clone()])
    }

    /// Moves a new wallet's balance there.
    fn issue(
        &mut self,
        caller: Caller,
        wallet: Uuid,
        currency: &str,
        amount: i64,
        request_id: Option<String>,
    ) -> Result<(), Refusal> {
        let issuance = self.issuance(currency);
        let request = TransferRequest {
            id: Some(initial_transfer(wallet)),
            source_id: Some(issuance),
            target_id: Some(wallet),
            amount: Some(amount),
            currency: Some(currency.to_owned()),
            reference: None,
            metadata: None,
            request_id,
        };
        let refused = |(code, _)| (code, "initial_balance");
        let rows = self
            .transfer_create(caller, &request, None, &Answer::Rows(vec![]))
            .map_err(refused)?;
        match rows[0]["outcome"].as_str() {
            Some("wallet_frozen") => Err(("WL013", "initial_balance")),
            Some("limit_exceeded") => Err(("WL015", "initial_balance")),
            Some("balance_limit_exceeded") => Err(("WL010", "initial_balance")),
            _ => Ok(()),
        }
    }

    /// The issuance wallet of a currency, made on first use.
    fn issuance(&mut self, currency: &str) -> Uuid {
        let id = issuance_wallet(currency);
        if !self.wallets.contains_key(&id) {
            let created_at = self.time('c');
            self.wallets
                .insert(id, Wallet::new(None, currency, created_at));
        }
        id
    }

    /// A wallet that a caller may see.
    pub(super) fn visible(&self, known: Known, id: Uuid) -> Option<&Wallet> {
        let wallet = self.wallets.get(&id)?;
        (known.user.is_none() || wallet.user == known.user).then_some(wallet)
    }

    pub(super) fn wallet_get(&self, caller: Caller, id: Uuid) -> Result<Vec<Value>, Refusal> {
        let known = self.admit(caller, "read")?;
        let wallet = self.visible(known, id).ok_or(("WL002", "wallet_id"))?;
        Ok(vec![wallet.row(id, self.held_now(id))])
    }

    pub(super) fn wallets_get(
        &self,
        session: Session,
        wallets: &[(Option<Key>, Uuid)],
    ) -> Result<Vec<Value>, Refusal> {
        let rows = wallets.iter().map(|(key, id)| {
            let known = self.find(session, *key).ok_or(UNAUTHENTICATED)?;
            let nothing = || {
                let mut row = Wallet::new(None, "", String::new()).row(*id, (0, None));
                for value in row.as_object_mut().expect("it is one").values_mut() {
                    *value = Value::Null;
                }
                row["replayed"] = json!(false);
                row
            };
            Ok(self
                .visible(known, *id)
                .map_or_else(nothing, |wallet| wallet.row(*id, self.held_now(*id))))
        });
        rows.collect()
    }

    pub(super) fn entry_list(
        &self,
        caller: Caller,
        id: Uuid,
        before: Option<i64>,
        limit: Option<i32>,
    ) -> Result<Vec<Value>, Refusal> {
        let limit = limit
            .filter(|limit| (1..=1_000).contains(limit))
            .ok_or(("WL001", "request_limit"))?;
        self.wallet_get(caller, id)?;
        let mut entries: Vec<(i64, Value)> = Vec::new();
        for (transfer_id, transfer) in &self.transfers {
            entries.extend(transfer.entry_of(*transfer_id, id));
        }
        entries.retain(|(version, _)| before.is_none_or(|before| *version < before));
        entries.sort_by_key(|(version, _)| -version);
        let limit = usize::try_from(limit).expect("it is positive");
        Ok(entries
            .into_iter()
            .map(|(_, row)| row)
            .take(limit)
            .collect())
    }

    pub(super) fn status_set(
        &mut self,
        caller: Caller,
        id: Uuid,
        is_frozen: bool,
        reason: &Option<String>,
    ) -> Result<Vec<Value>, Refusal> {
        self.admit(caller, "administer")?;
        check_reason(reason.as_ref())?;
        let moment = self.time('m');
        let wallet = self.wallets.get_mut(&id).ok_or(("WL002", "wallet_id"))?;
        if wallet.is_frozen != is_frozen {
            wallet.is_frozen = is_frozen;
            wallet.status_version += 1;
            wallet.updated_at = moment;
            let kind = if is_frozen { "frozen" } else { "unfrozen" };
            let event = format!("wallet.{kind} {id} {}", wallet.status_version);
            self.events.insert(event);
        }
        self.record(
            if is_frozen {
                "wallet_freeze"
            } else {
                "wallet_unfreeze"
            },
            &[id],
            caller.key,
        );
        self.wallet_get(caller, id)
    }

    pub(super) fn limits_set(
        &mut self,
        caller: Caller,
        id: Uuid,
        [transfer_max, daily_max]: [Option<i64>; 2],
        reason: &Option<String>,
    ) -> Result<Vec<Value>, Refusal> {
        self.admit(caller, "administer")?;
        check_reason(reason.as_ref())?;
        for (limit, field) in [(transfer_max, "transfer_max"), (daily_max, "daily_max")] {
            if limit.is_some_and(|limit| !(0..=AMOUNT_MAX).contains(&limit)) {
                return Err(("WL001", field));
            }
        }
        let wallet = self.wallets.get_mut(&id).ok_or(("WL002", "wallet_id"))?;
        wallet.transfer_max = transfer_max;
        wallet.daily_max = daily_max;
        // A sequence takes less than a day: all that left counts.
        let begin = wallet.left_first.unwrap_or(wallet.version + 1);
        wallet.counted_from = daily_max.and(wallet.counted_from.or(Some(begin)));
        self.record("wallet_limits_set", &[id], caller.key);
        self.limits_get(caller, id)
    }

    pub(super) fn limits_get(&self, caller: Caller, id: Uuid) -> Result<Vec<Value>, Refusal> {
        let known = self.admit(caller, "read")?;
        let wallet = self.visible(known, id).ok_or(("WL002", "wallet_id"))?;
        let spent = wallet.daily_max.map(|_| wallet.daily_spent());
        Ok(vec![json!({
            "transfer_max": wallet.transfer_max, "daily_max": wallet.daily_max, "daily_spent": spent,
        })])
    }
}

impl Wallet {
    fn new(user: Option<Uuid>, currency: &str, created_at: String) -> Self {
        Self {
            user,
            currency: currency.to_owned(),
            balance: 0,
            floor: None,
            version: 0,
            quiet_from: 0,
            is_frozen: false,
            status_version: 0,
            transfer_max: None,
            daily_max: None,
            counted_from: None,
            left_first: None,
            spent: 0,
            reference: None,
            metadata: json!({}),
            updated_at: created_at.clone(),
            created_at,
            initial_balance: 0,
            answer: Value::Null,
        }
    }

    /// What counts against the daily limit: a sum beyond every limit is cut off there.
    pub(super) fn daily_spent(&self) -> i64 {
        i64::try_from(self.spent).map_or(AMOUNT_MAX, |spent| spent.min(AMOUNT_MAX))
    }

    fn status(&self) -> &'static str {
        if self.is_frozen { "frozen" } else { "active" }
    }

    fn row(&self, id: Uuid, (held, held_until): (i64, Option<String>)) -> Value {
        json!({
            "id": id, "user_id": self.user, "currency": self.currency, "balance": self.balance, "held": held,
            "held_until": held_until,
            "floor": self.floor, "status": self.status(), "version": self.version,
            "status_version": self.status_version, "reference": self.reference, "metadata": self.metadata,
            "created_at": self.created_at, "updated_at": self.updated_at, "replayed": false,
        })
    }

    /// Its row in the table.
    pub(super) fn stored(&self, id: Uuid, held: (i64, Option<String>)) -> Value {
        let mut row = self.row(id, held);
        let fields = row.as_object_mut().expect("it is one");
        fields.remove("replayed");
        fields.insert("transfer_max".to_owned(), json!(self.transfer_max));
        fields.insert("daily_max".to_owned(), json!(self.daily_max));
        fields.insert("counted_from".to_owned(), json!(self.counted_from));
        row
    }

    /// The answer that the creation gave, for a retry with the same content.
    fn replay(&self, request: &WalletRequest) -> Result<Vec<Value>, Refusal> {
        let is_same = self.user == request.user_id
            && Some(&self.currency) == request.currency.as_ref()
            && self.initial_balance == request.initial_balance.unwrap_or(0)
            && self.floor == request.floor
            && self.reference == request.reference
            && self.metadata == request.metadata.clone().unwrap_or_else(|| json!({}));
        if !is_same {
            return Err(("WL005", "id"));
        }
        let mut row = self.answer.clone();
        row["replayed"] = json!(true);
        Ok(vec![row])
    }
}

impl Transfer {
    /// The version and the row of this transfer in a wallet's statement.
    fn entry_of(&self, id: Uuid, wallet: Uuid) -> Option<(i64, Value)> {
        let [source, target] = self.entries;
        let (entry, side, counterparty) = if wallet == self.source {
            (source?, "source", self.target)
        } else if Some(wallet) == self.target {
            (target?, "target", Some(self.source))
        } else {
            return None;
        };
        let [version, balance] = entry;
        let moved = if target.is_some() {
            self.amount
        } else {
            Some(0)
        };
        let amount = moved.map(|amount| if side == "source" { -amount } else { amount });
        let held = self
            .effect
            .get(format!("{side}_held"))
            .and_then(Value::as_i64);
        let verb = self.terms.as_ref().and_then(|terms| terms.kind);
        let row = json!({
            "transfer_id": id, "version": version, "amount": amount, "balance": balance,
            "counterparty_id": counterparty, "reference": self.reference, "created_at": self.created_at,
            "kind": verb, "held": held.unwrap_or(0),
        });
        Some((version, row))
    }
}
