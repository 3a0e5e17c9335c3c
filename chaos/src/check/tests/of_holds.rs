//! Holds, reversals and groups.

use super::*;
use crate::ask::{Deed, Item};
use crate::books::HoldRow;
use crate::check::bodies::body_of;
use crate::check::events::more;
use crate::history::{Around, Asked, Group, Place};
use crate::model::leg_id;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A hold of 10 of wallet 1, of which 4 are captured for wallet 2, and 2 of transfer 9 given back.
fn run() -> Run {
    let mut run = Run::good();
    let hold = JournalRow {
        target_id: None,
        target_version: None,
        target_balance: None,
        terms: json!({"kind": "hold"}),
        amount_asked: Some(10),
        effect: json!({
            "source_held": 10, "hold_amount": 10, "hold_captured": 0, "hold_remaining": 10,
        }),
        ..row(20, 10, 3, -15, 0)
    };
    let capture = JournalRow {
        target_version: Some(3),
        terms: json!({"kind": "capture", "subject_id": id(20).to_string(), "is_final": false}),
        amount_asked: Some(4),
        effect: json!({
            "source_held": 6, "hold_amount": 10, "hold_captured": 4, "hold_remaining": 6,
            "hold_before": 3,
        }),
        ..row(21, 4, 4, -19, 19)
    };
    let reversal = JournalRow {
        source_id: id(2),
        target_id: Some(id(1)),
        target_version: Some(5),
        terms: json!({"kind": "reversal", "subject_id": id(9).to_string()}),
        amount_asked: Some(2),
        effect: json!({"target_held": 6}),
        created_at_us: 50,
        ..row(22, 2, 4, 17, -17)
    };
    let deeds = [
        Deed::Hold {
            source_id: id(1),
            target_id: None,
            amount: 10,
            expires_in: None,
        },
        Deed::Capture {
            hold_id: id(20),
            target_id: id(2),
            amount: Some(4),
            is_final: false,
            may_exceed: false,
        },
        Deed::Reversal {
            transfer_id: id(9),
            amount: Some(2),
        },
    ];
    for (row, deed) in [hold, capture, reversal].into_iter().zip(deeds) {
        add(&mut run, row, deed, Place::Bulk);
    }
    tell(&mut run);
    run
}

/// Puts into the tables what follows from the rows.
fn tell(run: &mut Run) {
    for (wallet, balance, version, held) in [(1, -17, 5, 6), (2, 17, 4, 0)] {
        let wallet = run.books.wallets.get_mut(&id(wallet));
        let wallet = wallet.expect("it is one of the two");
        (wallet.balance, wallet.version, wallet.held) = (balance, version, held);
    }
    let hold = HoldRow {
        id: id(20),
        amount: 10,
        captured: 4,
        closed_by: None,
        version: 4,
        expires_us: None,
    };
    run.books.holds.insert(hold.id, hold);
    run.books.reversed.insert(id(9), (2, vec![id(22)]));
}

/// A row, with its answer, its event and its notification.
fn add(run: &mut Run, row: JournalRow, deed: Deed, place: Place) {
    let mut answer = body_of(&row);
    answer["created_at"] = json!(moment(row.created_at_us));
    let answer = Answer {
        status: 201,
        body: answer.to_string(),
    };
    let asked = Asked {
        item: Item::new(row.id.to_string(), deed),
        place,
        answers: row.is_posted().then_some(answer).into_iter().collect(),
        looks: Vec::new(),
        hold_looks: Vec::new(),
    };
    run.facts.items.insert(row.id, asked);
    let mut delivery = delivery(&row);
    let data = &mut delivery.body["data"];
    let members = more(&row);
    for (name, value) in members.as_object().expect("it is one") {
        data[name] = value.clone();
    }
    for name in ["source_held_until", "target_held_until", "hold_expires_at"] {
        data[name] = row.effect[name].clone();
    }
    if row.kind() == Some("hold") {
        delivery.body["type"] = json!("remit.hold.authorised");
    }
    if !row.is_posted() {
        delivery.body["type"] = json!("remit.transfer.rejected");
        delivery.body["data"]["status"] = json!("rejected");
        delivery.body["data"]["reason"] = json!(row.outcome);
    }
    run.heard.push(delivery);
    let event_id = Uuid::from_u128(row.id.as_u128() ^ 100);
    run.heard.last_mut().expect("it was pushed").body["id"] = json!(event_id.to_string());
    run.books.notifications.push((event_id, row.id));
    run.books.journal.insert(row.id, row);
}

fn found(spoil: impl FnOnce(&mut Run)) -> BTreeSet<Rule> {
    let mut run = run();
    spoil(&mut run);
    run.rules()
}

fn row_of(run: &mut Run, number: u128) -> &mut JournalRow {
    let row = run.books.journal.get_mut(&id(number));
    row.expect("it is there")
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    assert_eq!(found(|_| {}), BTreeSet::new());
}

#[test]
fn a_capture_after_the_end_is_found() {
    let ends = |end: i64| {
        found(|run| {
            let hold = row_of(run, 20);
            hold.terms["expires_at"] = json!(moment(end));
            for number in [20, 21] {
                row_of(run, number).effect["hold_expires_at"] = json!(moment(end));
                row_of(run, number).effect["source_held_until"] = json!(moment(end));
            }
            row_of(run, 22).effect["target_held_until"] = json!(moment(end));
            let hold = run.books.holds.get_mut(&id(20));
            hold.expect("it is there").expires_us = Some(end);
        })
    };
    assert!(ends(40).contains(&Rule::HoldsFollow));
    let in_time = ends(60);
    assert!(!in_time.contains(&Rule::HoldsFollow), "{in_time:?}");
    assert!(in_time.contains(&Rule::HoldsEnd), "{in_time:?}");
}

#[test]
fn a_capture_above_the_hold_is_found_unless_it_may_be() {
    let captured = |may_exceed: bool| {
        found(|run| {
            let row = row_of(run, 21);
            (row.amount, row.amount_asked) = (Some(11), Some(11));
            row.terms["may_exceed"] = json!(may_exceed);
            row.effect = json!({
                "hold_amount": 10, "hold_captured": 11, "hold_remaining": 0, "hold_before": 3,
            });
            row_of(run, 22).effect = Value::Null;
        })
    };
    assert!(captured(false).contains(&Rule::HoldsFollow));
    assert!(!captured(true).contains(&Rule::HoldsFollow));
}

#[test]
fn a_sum_that_is_wrong_is_found() {
    let rules = found(|run| row_of(run, 22).effect["target_held"] = json!(5));
    assert!(rules.contains(&Rule::HoldsFollow), "{rules:?}");
    let rules = found(|run| run.books.wallets.values_mut().for_each(|row| row.held = 7));
    assert_eq!(rules, [Rule::WalletIsItsJournal].into());
    let rules = found(|run| {
        run.books
            .holds
            .values_mut()
            .for_each(|row| row.captured = 5)
    });
    assert_eq!(rules, [Rule::HoldIsItsJournal].into());
    let below = found(|run| {
        let wallet = run.books.wallets.get_mut(&id(1));
        wallet.expect("it is there").floor = Some(-24);
    });
    assert_eq!(below, [Rule::BalancesFollow].into());
}

#[test]
fn a_read_of_what_was_never_held_is_found() {
    let read = |held, available| {
        found(|run| {
            run.facts.reads.push(Read {
                wallet_id: id(1),
                version: 4,
                balance: -19,
                held,
                available,
                held_until_us: None,
                around: Around::default(),
                known: 0,
                written: None,
                told: crate::history::Newest::default(),
            });
        })
    };
    assert_eq!(read(6, -25), BTreeSet::new());
    assert_eq!(read(10, -29), [Rule::ReadIsOfTheJournal].into());
    assert_eq!(read(6, -19), [Rule::ReadIsOfTheJournal].into());
}

#[test]
fn a_reversal_of_more_than_there_was_is_found() {
    let rules = found(|run| {
        let row = row_of(run, 22);
        (row.amount, row.amount_asked) = (Some(6), Some(6));
        run.books.reversed.insert(id(9), (6, vec![id(22)]));
    });
    assert!(rules.contains(&Rule::ReversalsFit), "{rules:?}");
    let rules = found(|run| drop(run.books.reversed.remove(&id(9))));
    assert_eq!(rules, [Rule::ReversalsFit].into());
}

#[test]
fn a_group_that_is_not_whole_is_found() {
    let group_id = id(30);
    let legs = [leg_id(group_id, 1), leg_id(group_id, 2)];
    let rules = |outcome: &str| {
        found(|run| {
            let reversed = ("not_reversible", Some(id(20)));
            for (place, (outcome, subject)) in (1..).zip([(outcome, None), reversed]) {
                let row = JournalRow {
                    id: legs[place - 1],
                    outcome: outcome.to_owned(),
                    source_version: None,
                    source_balance: None,
                    target_version: None,
                    target_balance: None,
                    amount_asked: Some(1),
                    terms: json!({
                        "kind": subject.map(|_| "reversal"), "subject_id": subject.map(|id| id.to_string()),
                        "group_id": group_id.to_string(), "group_place": place, "group_size": 2,
                    }),
                    ..row(0, 1, 6, 0, 0)
                };
                let deed = match subject {
                    None => Deed::Transfer {
                        source_id: id(1),
                        target_id: id(2),
                        amount: 1,
                    },
                    Some(transfer_id) => Deed::Reversal {
                        transfer_id,
                        amount: Some(1),
                    },
                };
                let leg = Place::Leg {
                    group_id,
                    place,
                    size: 2,
                };
                add(run, row, deed, leg);
            }
            let group = Group {
                legs: legs.to_vec(),
                answers: Vec::new(),
                looks: Vec::new(),
            };
            run.facts.groups.insert(group_id, group);
        })
    };
    assert_eq!(rules("group_refused"), BTreeSet::new());
    for outcome in ["posted", "not_reversible"] {
        assert!(rules(outcome).contains(&Rule::GroupsWhole), "{outcome}");
    }
}
