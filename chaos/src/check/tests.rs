//! The checker must find what is wrong in evidence that is made by hand.

use std::collections::{BTreeSet, HashMap};

use super::*;
use crate::books::{UserRow, WalletRow};
use crate::history::{Answer, Keyed, Read, ReadEntry, Row};
use crate::model::JournalRow;
use crate::model::tests::row;
use crate::rule::{Rule, Violation};
use crate::script::Transfer;
use serde_json::json;
use uuid::Uuid;

/// A small run in which nothing is wrong: two transfers of 10 and 5 from wallet 1 to wallet 2.
pub struct Run {
    facts: Facts,
    pub books: Books,
    heard: Vec<Value>,
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
                notifications: Vec::new(),
                outbox: 0,
                verified: Vec::new(),
                sessions: Vec::new(),
            },
            heard: Vec::new(),
        };
        for id in [1, 2].map(Uuid::from_u128) {
            let made = crate::history::Made {
                wanted: crate::script::NewWallet {
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
                target_id: row.target_id,
                amount: row.amount,
                reference: None,
            }),
            answers: vec![Answer {
                status: 201,
                body: body(row).to_string(),
            }],
            ..Keyed::default()
        };
        self.facts.transfers.insert(row.id, keyed);
        self.heard.push(event(row));
        let event_id = Uuid::from_u128(row.id.as_u128() + 100);
        self.books.notifications.push((event_id, row.id));
    }

    fn keyed(&mut self, id: u128) -> &mut Keyed {
        let keyed = self.facts.transfers.get_mut(&Uuid::from_u128(id));
        keyed.expect("it is one of the two")
    }

    fn evidence(&self) -> Evidence<'_> {
        Evidence {
            facts: &self.facts,
            books: &self.books,
            model: Model::of(&self.books.journal),
            heard: &self.heard,
        }
    }

    fn rules(&self) -> BTreeSet<Rule> {
        let evidence = self.evidence();
        let mut violations: Vec<Violation> = Vec::new();
        answers::check(&evidence, &mut violations);
        made::check(&evidence, &mut violations);
        journal::check(&evidence, &mut violations);
        reads::check(&evidence, &mut violations);
        events::check(&evidence, &mut violations);
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
        "source_id": row.source_id.to_string(), "target_id": row.target_id.to_string(),
        "amount": row.amount, "currency": "EUR",
        "source_balance": row.source_balance, "source_version": row.source_version,
        "reference": null, "metadata": {}, "created_at": moment(row.created_at_us),
    })
}

fn event(row: &JournalRow) -> Value {
    json!({
        "id": Uuid::from_u128(row.id.as_u128() + 100).to_string(), "subject": row.id.to_string(),
        "type": "remit.transfer.posted", "source": "/ledgers/1",
        "data": {
            "transfer_id": row.id.to_string(), "status": "posted", "reason": null,
            "source_id": row.source_id.to_string(), "target_id": row.target_id.to_string(),
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
        run.heard.push(event(&twin));
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
fn another_answer_to_the_same_key_is_found() {
    let rules = found(|run| {
        let mut other = run.keyed(9).answers[0].clone();
        other.body.push(' ');
        run.keyed(9).answers.push(other);
    });
    assert_eq!(rules, [Rule::AnswersIdentical].into());
}

#[test]
fn each_member_of_an_answer_counts() {
    let members = body(&row(9, 5, 2, -15, 15));
    for name in members.as_object().expect("it is one").keys() {
        let rules = found(|run| {
            let answer = &mut run.keyed(9).answers[0];
            let mut body: Value = serde_json::from_str(&answer.body).expect("it is JSON");
            body[name] = json!("something else");
            answer.body = body.to_string();
        });
        assert_eq!(rules, [Rule::AnswerIsTheRow].into(), "{name}");
    }
}

#[test]
fn a_reused_key_that_is_answered_is_found() {
    let rules = found(|run| {
        let answer = run.keyed(9).answers[0].clone();
        run.keyed(9).reuse_answers.push(answer);
    });
    assert_eq!(rules, [Rule::ReuseRefused].into());
}

#[test]
fn a_rejection_without_need_is_found() {
    let rejected = |amount| JournalRow {
        outcome: "insufficient_funds".to_owned(),
        source_id: Uuid::from_u128(2),
        target_id: Uuid::from_u128(1),
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
    let again = found(|run| run.heard.push(run.heard[0].clone()));
    assert_eq!(again, BTreeSet::new());
    let doubled = found(|run| {
        let mut other = run.heard[0].clone();
        other["id"] = json!(Uuid::from_u128(4_000).to_string());
        run.heard.push(other);
    });
    assert!(doubled.contains(&Rule::EventOnce), "{doubled:?}");
    let changed = found(|run| run.heard[0]["data"]["target_balance"] = json!(11));
    assert_eq!(changed, [Rule::EventIsTheRow].into());
}

#[test]
fn a_notification_too_few_and_one_too_many_are_found() {
    let few = found(|run| run.books.notifications.truncate(1));
    assert_eq!(few, [Rule::NotifiedOnce].into());
    let many = found(|run| run.books.notifications.push(run.books.notifications[0]));
    assert_eq!(many, [Rule::NotifiedOnce].into());
}

fn read(version: i64, balance: i64) -> Read {
    Read {
        wallet_id: Uuid::from_u128(2),
        version,
        balance,
        known: 0,
        written: None,
    }
}

#[test]
fn a_read_of_a_balance_that_never_was_is_found() {
    let read = |version, balance| found(|run| run.facts.reads.push(read(version, balance)));
    for (version, balance) in [(0, 0), (1, 10), (2, 15)] {
        assert_eq!(read(version, balance), BTreeSet::new());
    }
    for (version, balance) in [(0, 1), (1, 15), (3, 15)] {
        assert_eq!(read(version, balance), [Rule::ReadIsOfTheJournal].into());
    }
}

#[test]
fn a_read_that_is_older_than_an_own_write_or_an_earlier_read_is_found() {
    let after = |known, written: Option<u128>, version, balance| {
        found(|run| {
            run.facts.reads.push(Read {
                known,
                written: written.map(Uuid::from_u128),
                ..read(version, balance)
            });
        })
    };
    assert_eq!(after(1, Some(9), 2, 15), BTreeSet::new());
    assert_eq!(after(1, Some(8), 1, 10), BTreeSet::new());
    assert_eq!(after(2, Some(8), 1, 10), [Rule::OwnWritesRead].into());
    assert_eq!(after(0, Some(9), 1, 10), [Rule::OwnWritesRead].into());
}

#[test]
fn a_statement_that_never_was_is_found() {
    let entry = |amount| {
        found(|run| {
            run.facts.entries.push(ReadEntry {
                wallet_id: Uuid::from_u128(2),
                version: 2,
                transfer_id: Uuid::from_u128(9),
                amount,
                balance: 15,
            });
        })
    };
    assert_eq!(entry(5), BTreeSet::new());
    assert_eq!(entry(-5), [Rule::ReadIsOfTheJournal].into());
}

#[test]
fn another_request_than_was_made_is_found() {
    let rules = found(|run| {
        let wanted = run.keyed(9).transfer.as_mut();
        wanted.expect("it was asked for").amount = 4;
    });
    assert!(rules.contains(&Rule::RequestIsTheRow), "{rules:?}");
}

#[test]
fn metadata_and_a_currency_that_nobody_asked_for_are_found() {
    let with = |spoil: fn(&mut JournalRow)| {
        found(|run| {
            let row = run.books.journal.get_mut(&Uuid::from_u128(9));
            spoil(row.expect("it is there"));
        })
    };
    let rules = with(|row| row.metadata = json!({"a": "b"}));
    assert!(rules.contains(&Rule::RequestIsTheRow), "{rules:?}");
    let rules = with(|row| row.currency = "USD".to_owned());
    assert!(rules.contains(&Rule::RejectionsWereDue), "{rules:?}");
}

#[test]
fn a_look_that_tells_no_row_is_found() {
    let look = |id, status, body: Value| {
        found(|run| {
            let keyed = run.facts.transfers.entry(Uuid::from_u128(id)).or_default();
            let body = body.to_string();
            keyed.looks.push(Answer { status, body });
        })
    };
    let told = body(&row(9, 5, 2, -15, 15));
    assert_eq!(look(9, 200, told.clone()), BTreeSet::new());
    assert_eq!(look(9, 404, json!({})), [Rule::AnswerIsTheRow].into());
    assert_eq!(look(77, 200, told), [Rule::AnswerIsTheRow].into());
}

#[test]
fn an_answer_that_fits_no_row_is_found() {
    let answered = |status: Option<u16>, row: Option<Row>| {
        found(|run| {
            let keyed = run.facts.transfers.entry(Uuid::from_u128(77)).or_default();
            let body = String::new();
            keyed
                .answers
                .extend(status.map(|status| Answer { status, body }));
            keyed.rows.extend(row);
        })
    };
    assert_eq!(answered(Some(404), None), [Rule::UnexpectedAnswer].into());
    assert_eq!(answered(Some(422), None), [Rule::AcknowledgedOnce].into());
    let refused = Row::Refused("WL001".to_owned());
    assert_eq!(
        answered(None, Some(refused)),
        [Rule::UnexpectedAnswer].into()
    );
    let result = Row::Result(json!({}));
    assert_eq!(
        answered(None, Some(result)),
        [Rule::AcknowledgedOnce].into()
    );
}

#[test]
fn what_verify_says_and_what_stays_in_the_outbox_is_found() {
    let said = found(|run| run.books.verified.push("a wallet".to_owned()));
    assert_eq!(said, [Rule::VerifyIsEmpty].into());
    let stays = found(|run| run.books.outbox = 1);
    assert_eq!(stays, [Rule::OutboxDrains].into());
}

#[test]
fn a_row_between_wallets_that_are_not_there_is_found() {
    let rules = found(|run| drop(run.books.wallets.remove(&Uuid::from_u128(2))));
    assert!(rules.contains(&Rule::RejectionsWereDue), "{rules:?}");
}

#[test]
fn a_wallet_and_a_user_that_were_lost_or_made_by_nobody_are_found() {
    let answer = Answer {
        status: 201,
        body: String::new(),
    };
    let lost = found(|run| {
        let made = run.facts.wallets.get_mut(&Uuid::from_u128(2));
        made.expect("it is one of the two")
            .answers
            .push(answer.clone());
        run.books.wallets.remove(&Uuid::from_u128(2));
    });
    assert!(lost.contains(&Rule::AcknowledgedOnce), "{lost:?}");
    let other = found(|run| {
        let made = run.facts.wallets.get_mut(&Uuid::from_u128(2));
        made.expect("it is one of the two").answers.push(answer);
    });
    assert_eq!(other, [Rule::AnswerIsTheRow].into());
    let stray = found(|run| {
        run.facts.wallets.remove(&Uuid::from_u128(2));
        let user = UserRow {
            name: "Ann".to_owned(),
            created_at_us: 0,
        };
        run.books.users.insert(Uuid::from_u128(5), user);
    });
    assert_eq!(stray, [Rule::OneEffectPerKey].into());
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
    ];
    assert_eq!(missing, expected);
}
