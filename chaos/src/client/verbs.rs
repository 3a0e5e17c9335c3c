//! Holds and what is done to them, reversals, groups and bulks.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::Client;
use crate::ask::{Ask, Condition, Item};
use crate::attempts::pause;
use crate::history::{Answer, Around, Asked, HoldList, Place, Trial, add};
use crate::http::Call;
use crate::model::transfer_id;
use crate::moment::now_us;
use crate::rule::Rule;

/// What a bulk says of its items, in order.
type Results = BTreeMap<String, Vec<BTreeMap<String, Box<RawValue>>>>;

impl Client {
    /// The request with the versions that its conditions are about: the newest that the client
    /// knows. The same request has the same ones when it comes again.
    pub(super) fn fill(&mut self, mut ask: Ask) -> Ask {
        let (Ask::One(_) | Ask::Bulk(_)) = &ask else {
            return ask;
        };
        for item in ask.items_mut() {
            if let (Some(Condition::SourceVersion(version)), Some(source_id)) =
                (&mut item.wish.condition, item.deed.source())
            {
                *version = self.known.get(&source_id).copied().unwrap_or(0);
            }
        }
        self.filled.insert(ask.items()[0].key.clone(), ask.clone());
        ask
    }

    /// Asks what would become of a request, whose keys nobody uses for anything else.
    pub(super) async fn try_out(&self, ask: &Ask) {
        let call = ask.call();
        let call = Call {
            path: format!("{}?dry_run=true", call.path),
            ..call
        };
        if let Some(answer) = self.attempts.http(&call).await {
            let ids = ask.items().iter().map(Item::id).collect();
            let mut facts = self.hub.history.facts();
            facts.trials.push(Trial { ids, answer });
        }
    }

    /// Asks what became of a group.
    pub(super) async fn look_at_group(&self, key: &str) {
        let call = Call::get(format!("/groups/{}", key.replace(' ', "%20")));
        if let Some(answer) = self.attempts.http(&call).await {
            let mut facts = self.hub.history.facts();
            let group = facts.groups.entry(transfer_id(key)).or_default();
            group.looks.push(answer);
        }
    }

    /// Lists the open holds of a wallet.
    pub(super) async fn holds(&self, wallet_id: Uuid) {
        let call = Call::get(format!("/wallets/{wallet_id}/holds?status=open&limit=200"));
        let sent_us = now_us();
        let Some(body) = self.found(&call).await else {
            return;
        };
        let around = Around {
            sent_us,
            heard_us: now_us(),
        };
        let Some(holds) = body["holds"].as_array().cloned() else {
            let detail = format!("a list of holds that cannot be read: {body}");
            return self.hub.violate(Rule::UnexpectedAnswer, detail);
        };
        self.hub.history.facts().hold_lists.push(HoldList {
            wallet_id,
            holds,
            around,
        });
    }

    /// Several requests at the same time, none of which was made before.
    pub(super) async fn post(&mut self, asks: &[Ask]) {
        let each = asks.iter().map(|ask| {
            let twins = asks.iter().filter(|other| *other == ask).count();
            self.ask(ask, twins as u64)
        });
        let posted = join_all(each).await;
        for (id, body) in posted.into_iter().flatten() {
            self.remember(&body);
            for name in ["source_id", "target_id"] {
                let side = body[name].as_str().and_then(|id| id.parse().ok());
                if let Some(wallet_id) = side {
                    // None of its own that was known before has a higher version.
                    self.written.insert(wallet_id, id);
                }
            }
        }
    }

    /// A request until it has its final answer. The rows that it says to be posted.
    pub(super) async fn ask(&self, ask: &Ask, twins: u64) -> Vec<(Uuid, Value)> {
        self.expect(ask);
        let call = Call {
            twins,
            ..ask.call()
        };
        let posted = match ask {
            Ask::One(item) => {
                let Some(answer) = self.attempts.http(&call).await else {
                    return Vec::new();
                };
                self.hear(item, answer).into_iter().collect()
            }
            Ask::Group(key, legs) => {
                let Some(answer) = self.attempts.http(&call).await else {
                    return Vec::new();
                };
                let body = answer.json();
                let mut facts = self.hub.history.facts();
                let group = facts.groups.entry(transfer_id(key)).or_default();
                add(&mut group.answers, answer);
                let told = body["legs"].as_array().cloned().unwrap_or_default();
                legs.iter().map(Item::id).zip(told).collect()
            }
            Ask::Bulk(items) => self.bulk(items, &call).await,
        };
        for (id, body) in &posted {
            self.hub.told.hear(*id, body);
        }
        posted
    }

    /// Notes what is asked for, before it is.
    fn expect(&self, ask: &Ask) {
        let mut facts = self.hub.history.facts();
        let items = ask.items();
        if let Ask::Group(key, legs) = ask {
            let group = facts.groups.entry(transfer_id(key)).or_default();
            group.legs = legs.iter().map(Item::id).collect();
        }
        for (place, item) in (1..).zip(items) {
            let place = match ask {
                Ask::One(_) => Place::Alone,
                Ask::Bulk(_) => Place::Bulk,
                Ask::Group(key, _) => Place::Leg {
                    group_id: transfer_id(key),
                    place,
                    size: items.len(),
                },
            };
            facts.items.entry(item.id()).or_insert_with(|| Asked {
                item: item.clone(),
                place,
                answers: Vec::new(),
                looks: Vec::new(),
                hold_looks: Vec::new(),
            });
        }
    }

    /// Keeps an item's final answer. Its row, if it says that it is posted.
    fn hear(&self, item: &Item, answer: Answer) -> Option<(Uuid, Value)> {
        let body = (answer.status == 201).then(|| answer.json());
        let mut facts = self.hub.history.facts();
        if let Some(asked) = facts.items.get_mut(&item.id()) {
            add(&mut asked.answers, answer);
        }
        Some((item.id(), body?))
    }

    /// A bulk, sent until each item has its final answer.
    async fn bulk(&self, items: &[Item], call: &Call) -> Vec<(Uuid, Value)> {
        let mut posted = Vec::new();
        while let Some(answer) = self.attempts.http(call).await {
            let results: Results = serde_json::from_str(&answer.body).unwrap_or_default();
            let results = results.get("results").map_or(&[][..], Vec::as_slice);
            if answer.status != 200 || results.len() != items.len() {
                let detail = format!(
                    "a bulk of {}: {} {}",
                    items.len(),
                    answer.status,
                    answer.body
                );
                self.hub.violate(Rule::UnexpectedAnswer, detail);
                break;
            }
            let mut is_over = true;
            for (item, result) in items.iter().zip(results) {
                match self.result_of(item, result) {
                    Some(answer) => posted.extend(self.hear(item, answer)),
                    None => is_over = false,
                }
            }
            if is_over || self.hub.has_given_up() {
                break;
            }
            pause().await;
        }
        posted
    }

    /// What a bulk says of an item, as if it had been asked for alone. None: it is to be asked for
    /// again.
    fn result_of(&self, item: &Item, result: &BTreeMap<String, Box<RawValue>>) -> Option<Answer> {
        let text = |name: &str| result.get(name).map_or("null", |value| value.get());
        let json = |name: &str| serde_json::from_str::<Value>(text(name)).unwrap_or_default();
        let (name, status) = match json("status").as_str() {
            Some("posted") => ("transfer", 201),
            Some("rejected") => ("problem", 422),
            _ => ("problem", json("problem")["status"].as_u64().unwrap_or(0)),
        };
        if matches!(status, 409 | 429 | 502..=504) {
            return None;
        }
        if json("id") != item.key || !matches!(status, 201 | 404 | 422) {
            let detail = format!("item {item:?}: {result:?}");
            self.hub.violate(Rule::UnexpectedAnswer, detail);
        }
        Some(Answer {
            status: u16::try_from(status).unwrap_or(0),
            body: text(name).to_owned(),
        })
    }

    /// Asks what became of an item, and how its hold is, if it is one.
    pub(super) async fn look_at(&self, item: &Item) {
        let key = item.key.replace(' ', "%20");
        let call = Call::get(format!("/transfers/{key}"));
        let look = self.attempts.http(&call).await;
        let sent_us = now_us();
        let hold = if item.deed.kind() == Some("hold") {
            let call = Call::get(format!("/holds/{key}"));
            self.attempts.http(&call).await
        } else {
            None
        };
        let around = Around {
            sent_us,
            heard_us: now_us(),
        };
        let mut facts = self.hub.history.facts();
        if let Some(asked) = facts.items.get_mut(&item.id()) {
            asked.looks.extend(look);
            asked.hold_looks.extend(hold.map(|answer| (answer, around)));
        }
    }
}
