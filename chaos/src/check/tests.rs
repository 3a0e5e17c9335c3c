//! The checker must find what is wrong in evidence that is made by hand.

use std::collections::{BTreeSet, HashMap};

use super::*;
use crate::books::{UserRow, WalletRow};
use crate::history::{Answer, Keyed, Read, ReadEntry, Row};
use crate::model::JournalRow;
use crate::model::tests::row;
use crate::rule::Rule;
use crate::script::Transfer;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

mod of_answers;
mod of_holds;
mod of_reads;
mod of_wishes;

/// A small run in which nothing is wrong: two transfers of 10 and 5 from wallet 1 to wallet 2.
pub struct Run {
    facts: Facts,
    pub books: Books,
    heard: Vec<Delivery>,
}

impl Run {
    pub fn good() -> Self {
        let rows = [row(8, 10, 1, -10, 10), row(9, 5, 2, -15, 15)];
        let mut run = Self {
            facts: Facts::default(),
            books: Books {
                journal: rows.iter().map(|row| (row.id, row.clone())).collect(),
                strays: Vec::new(),
                wallets: [(1, -15), (2, 15)].map(wallet).into(),
                users: HashMap::new(),
                holds: HashMap::new(),
                reversed: HashMap::new(),
                notifications: Vec::new(),
                unpublished: 0,
                verified: Vec::new(),
                sessions: Vec::new(),
            },
            heard: Vec::new(),
        };
        for id in [1, 2].map(Uuid::from_u128) {
            let made = crate::history::Made {
                wanted: crate::world::NewWallet {
                    id,
                    user_id: Uuid::nil(),
                    currency: "EUR",
                    initial_balance: 0,
                },
                answers: Vec::new(),
            };
            run.facts.wallets.insert(id, made);
        }
        for row in &rows {
            run.acknowledge(row);
        }
        run
    }

    fn acknowledge(&mut self, row: &JournalRow) {
        let keyed = Keyed {
            transfer: Some(Transfer {
                key: row.id.to_string(),
                source_id: row.source_id,
                target_id: row.target_id.expect("it has one"),
                amount: row.moved(),
                reference: None,
            }),
            answers: vec![Answer {
                status: 201,
                body: body(row).to_string(),
            }],
            ..Keyed::default()
        };
        self.facts.transfers.insert(row.id, keyed);
        self.heard.push(delivery(row));
        let event_id = Uuid::from_u128(row.id.as_u128() + 100);
        self.books.notifications.push((event_id, row.id));
    }

    fn keyed(&mut self, id: u128) -> &mut Keyed {
        let keyed = self.facts.transfers.get_mut(&Uuid::from_u128(id));
        keyed.expect("it is one of the two")
    }

    fn evidence(&self) -> Evidence<'_> {
        Evidence::of(&self.facts, &self.books, &self.heard)
    }

    fn rules(&self) -> BTreeSet<Rule> {
        let mut violations: Vec<Violation> = Vec::new();
        self.evidence().check(&mut violations);
        violations.into_iter().map(|found| found.rule).collect()
    }
}

fn wallet((id, balance): (u128, i64)) -> (Uuid, WalletRow) {
    let id = Uuid::from_u128(id);
    let row = WalletRow {
        id,
        user_id: Some(Uuid::nil()),
        currency: "EUR".to_owned(),
        balance,
        held: 0,
        floor: None,
        version: 2,
        created_at_us: 0,
    };
    (id, row)
}

fn moment(us: i64) -> String {
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(us) * 1_000);
    let moment = moment.expect("it is a small number");
    moment.format(&Rfc3339).expect("it is in 1970")
}

fn body(row: &JournalRow) -> Value {
    json!({
        "id": row.id.to_string(), "status": "posted",
        "source_id": row.source_id.to_string(), "target_id": row.target_id.map(|id| id.to_string()),
        "amount": row.amount, "currency": "EUR",
        "source_balance": row.source_balance, "source_version": row.source_version,
        "reference": null, "metadata": {}, "created_at": moment(row.created_at_us),
    })
}

fn delivery(row: &JournalRow) -> Delivery {
    Delivery {
        body: event(row),
        is_redelivered: false,
    }
}

fn event(row: &JournalRow) -> Value {
    json!({
        "id": Uuid::from_u128(row.id.as_u128() + 100).to_string(), "subject": row.id.to_string(),
        "type": "remit.transfer.posted", "source": "/ledgers/1",
        "data": {
            "transfer_id": row.id.to_string(), "status": "posted", "reason": null,
            "source_id": row.source_id.to_string(), "target_id": row.target_id.map(|id| id.to_string()),
            "amount": row.amount, "currency": "EUR",
            "source_version": row.source_version, "source_balance": row.source_balance,
            "target_version": row.target_version, "target_balance": row.target_balance,
            "reference": null, "metadata": {}, "created_at": moment(row.created_at_us),
        },
    })
}

/// What the checker finds once something is wrong.
fn found(spoil: impl FnOnce(&mut Run)) -> BTreeSet<Rule> {
    let mut run = Run::good();
    spoil(&mut run);
    run.rules()
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    assert_eq!(found(|_| {}), BTreeSet::new());
}

#[test]
fn a_lost_transfer_is_found() {
    let rules = found(|run| {
        run.books.journal.remove(&Uuid::from_u128(9));
    });
    assert!(rules.contains(&Rule::AcknowledgedOnce), "{rules:?}");
    assert!(rules.contains(&Rule::WalletIsItsJournal), "{rules:?}");
    assert!(rules.contains(&Rule::EventOnce), "{rules:?}");
}

#[test]
fn a_second_effect_is_found() {
    let stray = found(|run| run.books.strays.push("ledger 2".to_owned()));
    assert_eq!(stray, [Rule::OneEffectPerKey].into());
    let rules = found(|run| {
        let twin = row(77, 5, 3, -20, 20);
        run.heard.push(delivery(&twin));
        run.books.journal.insert(twin.id, twin);
    });
    assert!(rules.contains(&Rule::OneEffectPerKey), "{rules:?}");
    assert!(rules.contains(&Rule::WalletIsItsJournal), "{rules:?}");
}

#[test]
fn a_wrong_balance_is_found() {
    let rules = found(|run| {
        for wallet in run.books.wallets.values_mut() {
            wallet.balance *= 2;
        }
    });
    let expected = [Rule::WalletIsItsJournal, Rule::WalletIsItsAnswers];
    assert_eq!(rules, expected.into());
}

#[test]
fn a_gap_and_a_wrong_entry_are_found() {
    let rules = found(|run| {
        let row = run.books.journal.get_mut(&Uuid::from_u128(9));
        let row = row.expect("it is there");
        (row.target_version, row.target_balance) = (Some(3), Some(16));
    });
    for rule in [Rule::VersionsDense, Rule::BalancesFollow] {
        assert!(rules.contains(&rule), "{rules:?}");
    }
}

#[test]
fn a_rejection_without_need_is_found() {
    let rejected = |amount| JournalRow {
        outcome: "insufficient_funds".to_owned(),
        source_id: Uuid::from_u128(2),
        target_id: Some(Uuid::from_u128(1)),
        source_version: None,
        source_balance: None,
        target_version: None,
        target_balance: None,
        created_at_us: 15,
        ..row(50, amount, 1, 0, 0)
    };
    let with = |row: JournalRow| {
        found(|run| {
            for wallet in run.books.wallets.values_mut() {
                wallet.floor = (wallet.balance > 0).then_some(0);
            }
            run.books.journal.insert(row.id, row);
        })
    };
    assert!(!with(rejected(11)).contains(&Rule::RejectionsWereDue));
    assert!(with(rejected(10)).contains(&Rule::RejectionsWereDue));
}

#[test]
fn a_missing_a_doubled_and_a_late_event_are_found() {
    let missing = found(|run| run.heard.truncate(1));
    assert_eq!(missing, [Rule::EventMissing].into());
    let late = found(|run| run.heard.reverse());
    assert_eq!(late, [Rule::EventsInOrder].into());
    let redelivered = found(|run| {
        run.heard.reverse();
        run.heard.last_mut().expect("there are two").is_redelivered = true;
    });
    assert_eq!(redelivered, BTreeSet::new());
    let again = found(|run| run.heard.push(run.heard[0].clone()));
    assert_eq!(again, BTreeSet::new());
    let doubled = found(|run| {
        let mut other = run.heard[0].clone();
        other.body["id"] = json!(Uuid::from_u128(4_000).to_string());
        run.heard.push(other);
    });
    assert!(doubled.contains(&Rule::EventOnce), "{doubled:?}");
    let changed = found(|run| run.heard[0].body["data"]["target_balance"] = json!(11));
    assert_eq!(changed, [Rule::EventIsTheRow].into());
}

#[test]
fn a_notification_too_few_and_one_too_many_are_found() {
    let few = found(|run| run.books.notifications.truncate(1));
    assert_eq!(few, [Rule::NotifiedOnce].into());
    let many = found(|run| run.books.notifications.push(run.books.notifications[0]));
    assert_eq!(many, [Rule::NotifiedOnce].into());
}

#[test]
fn what_verify_says_and_what_stays_unpublished_is_found() {
    let said = found(|run| run.books.verified.push("a wallet".to_owned()));
    assert_eq!(said, [Rule::VerifyIsEmpty].into());
    let stays = found(|run| run.books.unpublished = 1);
    assert_eq!(stays, [Rule::EventsDrain].into());
}

#[test]
fn a_row_between_wallets_that_are_not_there_is_found() {
    let rules = found(|run| drop(run.books.wallets.remove(&Uuid::from_u128(2))));
    assert!(rules.contains(&Rule::RejectionsWereDue), "{rules:?}");
}

#[test]
fn evidence_that_is_not_there_is_named() {
    let run = Run::good();
    let missing = Checked::of(&run.evidence()).missing();
    let expected = [
        "rejections",
        "SQL rows",
        "reused keys",
        "looks",
        "reads after a write",
        "statement entries",
        "holds",
        "captures",
        "expiries",
        "reversals",
        "groups",
        "looks at groups",
        "lists of holds",
        "transfers of at most",
        "conditions",
        "dry runs",
    ];
    assert_eq!(missing, expected);
}
