//! A client: follows its script, and repeats each request until it has a final answer.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use crate::ask::Ask;
use crate::attempts::Attempts;
use crate::history::{Around, Made, Read, ReadEntry, add, count};
use crate::http::Call;
use crate::hub::Hub;
use crate::model::transfer_id;
use crate::moment::{microseconds, now_us};
use crate::rule::Rule;
use crate::script::{Door, Script, Step, Transfer};
use crate::world::{NewUser, NewWallet};

mod verbs;

/// A client of Remit.
pub struct Client {
    hub: Arc<Hub>,
    attempts: Attempts,
    /// The newest version that an answer to an own write named, or that was read after it.
    known: HashMap<Uuid, i64>,
    /// The newest own transfer of each wallet. Its source's version is in the answer, its target's
    /// in the journal.
    written: HashMap<Uuid, Uuid>,
    last_source: Option<Uuid>,
    /// What was asked for under a condition that the client filled in, by its first key.
    filled: HashMap<String, Ask>,
}

impl Client {
    /// A client that has done nothing yet.
    pub fn new(hub: Arc<Hub>, number: u64) -> Self {
        Self {
            attempts: Attempts::new(Arc::clone(&hub), number),
            hub,
            known: HashMap::new(),
            written: HashMap::new(),
            last_source: None,
            filled: HashMap::new(),
        }
    }

    /// Follows a script until the load ends.
    pub async fn run(mut self, mut script: Script) {
        while !self.hub.is_load_over() {
            let (pause_ms, step) = script.draw();
            sleep(Duration::from_millis(pause_ms)).await;
            self.step(step).await;
        }
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Transfer(transfer, doors) => {
                if self.transfer(&transfer, &doors).await {
                    // None of its own came later, so none has a higher version.
                    let id = transfer_id(&transfer.key);
                    let sides = [transfer.source_id, transfer.target_id];
                    self.written.extend(sides.map(|wallet_id| (wallet_id, id)));
                }
            }
            Step::Again(transfer, door) => drop(self.transfer(&transfer, &[door]).await),
            Step::Reuse(transfer, door) => self.reuse(&transfer, door).await,
            Step::Look(transfer) => self.look(&transfer).await,
            Step::Read(wallet) => {
                if let Some(wallet_id) = wallet.or(self.last_source) {
                    self.read(wallet_id).await;
                }
            }
            Step::Statement(wallet_id) => self.statement(wallet_id).await,
            Step::Wallet(wallet) => self.wallet(&wallet).await,
            Step::User(user) => self.user(&user).await,
            Step::Post(asks) => {
                let asks: Vec<_> = asks.into_iter().map(|ask| self.fill(ask)).collect();
                self.post(&asks).await;
            }
            Step::PostAgain(ask) => {
                let ask = self.filled.get(&ask.items()[0].key).cloned().unwrap_or(ask);
                drop(self.ask(&ask, 1).await);
            }
            Step::TryOut(ask) => {
                let ask = self.fill(ask);
                self.try_out(&ask).await;
            }
            Step::LookAtGroup(key) => self.look_at_group(&key).await,
            Step::Holds(wallet_id) => self.holds(wallet_id).await,
            Step::LookAt(item) => self.look_at(&item).await,
        }
        count(&self.hub.history.counts.operations);
    }

    /// A transfer through each of these doors at the same time. Whether HTTP said that it is
    /// posted.
    pub async fn transfer(&mut self, transfer: &Transfer, doors: &[Door]) -> bool {
        let id = transfer_id(&transfer.key);
        {
            let mut facts = self.hub.history.facts();
            let keyed = facts.transfers.entry(id).or_default();
            keyed.transfer.get_or_insert_with(|| transfer.clone());
        }
        let attempts = &self.attempts;
        let call = Call {
            twins: doors.len() as u64,
            ..transfer_call(transfer)
        };
        let call = &call;
        let each = doors.iter().map(async |door| match door {
            Door::Http => {
                let answer = attempts.http(call).await?;
                let mut facts = self.hub.history.facts();
                let keyed = facts.transfers.entry(id).or_default();
                add(&mut keyed.answers, answer.clone());
                if answer.status == 201 {
                    self.hub.told.hear(id, &answer.json());
                }
                Some(answer)
            }
            Door::Sql => {
                let row = attempts.sql(transfer).await?;
                let mut facts = self.hub.history.facts();
                add(&mut facts.transfers.entry(id).or_default().rows, row);
                None
            }
        });
        let mut is_posted = false;
        for answer in join_all(each).await.into_iter().flatten() {
            is_posted |= answer.status == 201;
            self.remember(&answer.json());
        }
        is_posted
    }

    /// Keeps what the answer to an own write says of its source.
    fn remember(&mut self, body: &Value) {
        let source_id = body["source_id"].as_str().and_then(|id| id.parse().ok());
        if let (Some(source_id), Some(version)) = (source_id, body["source_version"].as_i64()) {
            let known = self.known.entry(source_id).or_default();
            *known = version.max(*known);
            self.last_source = Some(source_id);
        }
    }

    async fn reuse(&self, transfer: &Transfer, door: Door) {
        let id = transfer_id(&transfer.key);
        match door {
            Door::Http => {
                if let Some(answer) = self.attempts.http(&transfer_call(transfer)).await {
                    let mut facts = self.hub.history.facts();
                    let keyed = facts.transfers.entry(id).or_default();
                    add(&mut keyed.reuse_answers, answer);
                }
            }
            Door::Sql => {
                if let Some(row) = self.attempts.sql(transfer).await {
                    let mut facts = self.hub.history.facts();
                    add(&mut facts.transfers.entry(id).or_default().reuse_rows, row);
                }
            }
        }
    }

    async fn look(&self, transfer: &Transfer) {
        let path = format!("/transfers/{}", transfer.key.replace(' ', "%20"));
        if let Some(answer) = self.attempts.http(&Call::get(path)).await {
            let id = transfer_id(&transfer.key);
            let mut facts = self.hub.history.facts();
            add(&mut facts.transfers.entry(id).or_default().looks, answer);
        }
    }

    async fn read(&mut self, wallet_id: Uuid) {
        let call = Call::get(format!("/wallets/{wallet_id}"));
        let told = self.hub.told.of(wallet_id);
        let sent_us = now_us();
        let Some(body) = self.found(&call).await else {
            return;
        };
        let number = |name: &str| body[name].as_i64();
        let (Some(version), Some(balance), Some(held), Some(available)) = (
            number("version"),
            number("balance"),
            number("held"),
            number("available"),
        ) else {
            let detail = format!("a wallet without version, balance or what is held: {body}");
            return self.hub.violate(Rule::UnexpectedAnswer, detail);
        };
        let written = self.written.get(&wallet_id).copied();
        let known = self.known.get(&wallet_id).copied().unwrap_or(0);
        self.hub.history.facts().reads.push(Read {
            wallet_id,
            version,
            balance,
            held,
            available,
            held_until_us: microseconds(&body["held_until"]),
            around: Around {
                sent_us,
                heard_us: now_us(),
            },
            known,
            written,
            told,
        });
        if known > 0 || written.is_some() {
            self.known.insert(wallet_id, version.max(known));
        }
    }

    async fn statement(&self, wallet_id: Uuid) {
        let call = Call::get(format!("/wallets/{wallet_id}/entries?limit=10"));
        let Some(body) = self.found(&call).await else {
            return;
        };
        let entries: Option<Vec<_>> = body["entries"].as_array().and_then(|entries| {
            entries
                .iter()
                .map(|entry| of_json(wallet_id, entry))
                .collect()
        });
        match entries {
            Some(entries) => self.hub.history.facts().entries.extend(entries),
            None => {
                let detail = format!("a statement that cannot be read: {body}");
                self.hub.violate(Rule::UnexpectedAnswer, detail);
            }
        }
    }

    /// The body of a read of something that is there.
    async fn found(&self, call: &Call) -> Option<Value> {
        let answer = self.attempts.http(call).await?;
        if answer.status == 200 {
            return serde_json::from_str(&answer.body).ok();
        }
        let detail = format!("GET {}: {} {}", call.path, answer.status, answer.body);
        self.hub.violate(Rule::UnexpectedAnswer, detail);
        None
    }

    /// Makes a wallet.
    pub async fn wallet(&mut self, wallet: &NewWallet) {
        let mut body = json!({"user_id": wallet.user_id.to_string(), "currency": wallet.currency});
        if wallet.initial_balance > 0 {
            body["initial_balance"] = json!(wallet.initial_balance);
        }
        let call = Call::post("/wallets", &wallet.id.to_string(), body);
        self.hub.history.facts().wallets.insert(
            wallet.id,
            Made {
                wanted: wallet.clone(),
                answers: Vec::new(),
            },
        );
        if let Some(answer) = self.attempts.http(&call).await {
            let mut facts = self.hub.history.facts();
            if let Some(made) = facts.wallets.get_mut(&wallet.id) {
                add(&mut made.answers, answer);
            }
        }
    }

    /// Makes a user.
    pub async fn user(&mut self, user: &NewUser) {
        let call = Call::post("/users", &user.id.to_string(), json!({"name": user.name}));
        self.hub.history.facts().users.insert(
            user.id,
            Made {
                wanted: user.clone(),
                answers: Vec::new(),
            },
        );
        if let Some(answer) = self.attempts.http(&call).await {
            let mut facts = self.hub.history.facts();
            if let Some(made) = facts.users.get_mut(&user.id) {
                add(&mut made.answers, answer);
            }
        }
    }
}

/// How HTTP says it.
pub fn transfer_call(transfer: &Transfer) -> Call {
    let mut body = json!({
        "source_id": transfer.source_id.to_string(),
        "target_id": transfer.target_id.to_string(),
        "amount": transfer.amount,
    });
    if let Some(reference) = &transfer.reference {
        body["reference"] = json!(reference);
    }
    Call::post("/transfers", &transfer.key, body)
}

fn of_json(wallet_id: Uuid, entry: &Value) -> Option<ReadEntry> {
    Some(ReadEntry {
        wallet_id,
        version: entry["version"].as_i64()?,
        transfer_id: entry["transfer_id"].as_str()?.parse().ok()?,
        amount: entry["amount"].as_i64()?,
        balance: entry["balance"].as_i64()?,
        held: entry["held"].as_i64()?,
    })
}
