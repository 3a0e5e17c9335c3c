//! The steps beyond transfers: holds and what is done to them, reversals, groups and bulks.

use std::collections::HashSet;

use rand::Rng;
use rand::seq::IndexedRandom;
use uuid::Uuid;

use super::{Script, Step};
use crate::ask::{Ask, Condition, Deed, Item, Wish};
use crate::model::{leg_id, transfer_id};

/// How far back a client comes back to its holds, which end after a second or two, and to what it
/// asked.
const HOLDS_MAX: usize = 6;
const ASKED_MAX: usize = 30;

/// A hold that was asked for. Whether it is there, the script does not know.
#[derive(Debug, Clone, Copy)]
struct Asked {
    id: Uuid,
    source_id: Uuid,
    target_id: Option<Uuid>,
    amount: i64,
}

/// What a client comes back to.
#[derive(Default)]
pub(super) struct Known {
    holds: Vec<Asked>,
    /// Those of the step that is being drawn: nothing is done to them before it is over.
    new_holds: Vec<Asked>,
    asked: Vec<Ask>,
}

impl Script {
    /// A step of a kind from 11 on.
    pub(super) fn verb(&mut self, kind: usize) -> Step {
        let step = match kind {
            11 => self.hold_step(),
            12 => self.change_step(),
            13 => self.reversal_step(),
            14 => self.group_step(),
            15 => self.bulk_step(),
            16 => match self.known.asked.choose(&mut self.rng).cloned() {
                Some(ask) => Step::PostAgain(ask),
                None => self.hold_step(),
            },
            18 => self.wish_step(),
            19 => {
                let Step::Post(mut asks) = self.dry_step() else {
                    return self.hold_step();
                };
                return asks.pop().map_or_else(|| self.hold_step(), Step::TryOut);
            }
            20 => {
                let groups = self.known.asked.iter().filter_map(|ask| match ask {
                    Ask::Group(key, _) => Some(key.clone()),
                    _ => None,
                });
                let groups: Vec<String> = groups.collect();
                match groups.choose(&mut self.rng) {
                    Some(key) => return Step::LookAtGroup(key.clone()),
                    None => self.group_step(),
                }
            }
            21 => return Step::Holds(self.some_wallet()),
            _ => {
                let ask = self.known.asked.choose(&mut self.rng);
                match ask.and_then(|ask| ask.items().first()).cloned() {
                    Some(item) => Step::LookAt(item),
                    None => self.hold_step(),
                }
            }
        };
        if let Step::Post(asks) = &step {
            self.known.asked.extend(asks.first().cloned());
        }
        let holds = std::mem::take(&mut self.known.new_holds);
        self.known.holds.extend(holds);
        forget(&mut self.known.holds, HOLDS_MAX);
        forget(&mut self.known.asked, ASKED_MAX);
        step
    }

    /// A transfer under a condition or of at most what there is, or a bulk of them.
    fn wish_step(&mut self) -> Step {
        let key = self.key();
        let ask = Ask::One(self.wish(key));
        if self.rng.random_bool(0.7) {
            return Step::Post(vec![ask]);
        }
        let items = (0..4).map(|_| {
            let key = self.key();
            self.wish(key)
        });
        Step::Post(vec![Ask::Bulk(items.collect())])
    }

    fn wish(&mut self, key: String) -> Item {
        let source_id = self.some_wallet();
        let deed = Deed::Transfer {
            source_id,
            target_id: self.other_wallet(source_id, Self::some_wallet),
            amount: self.rng.random_range(1..3_000),
        };
        let condition = match self.rng.random_range(0..6) {
            // The client says which one it knows.
            0 | 1 => Some(Condition::SourceVersion(0)),
            2 => Some(Condition::SourceBalanceMin(self.rng.random_range(0..3_000))),
            3 => Some(Condition::TargetBalanceMax(self.rng.random_range(0..6_000))),
            _ => None,
        };
        let at_most = condition.is_none() || self.rng.random_bool(0.3);
        Item {
            wish: Wish { at_most, condition },
            ..Item::new(key, deed)
        }
    }

    /// What is only tried: nothing comes back to it.
    fn dry_step(&mut self) -> Step {
        let step = match self.rng.random_range(0..4) {
            0 => self.group_step(),
            1 => self.bulk_step(),
            2 => self.wish_step(),
            _ => self.hold_step(),
        };
        self.known.new_holds.clear();
        step
    }

    /// A hold; now and then the same one twice at the same time.
    fn hold_step(&mut self) -> Step {
        let key = self.key();
        let ask = Ask::One(self.hold(key));
        let twins = if self.rng.random_bool(0.2) { 2 } else { 1 };
        Step::Post(vec![ask; twins])
    }

    /// A change of a hold; now and then two of the same hold at the same time.
    fn change_step(&mut self) -> Step {
        let Some(hold) = self.known.holds.choose(&mut self.rng).copied() else {
            return self.hold_step();
        };
        let count = if self.rng.random_bool(0.3) { 2 } else { 1 };
        let changes = (0..count).map(|_| {
            let key = self.key();
            Ask::One(self.change(key, hold))
        });
        Step::Post(changes.collect())
    }

    /// A reversal; now and then three of the same transfer at the same time.
    fn reversal_step(&mut self) -> Step {
        let Some(transfer) = self.recent.choose(&mut self.rng) else {
            return self.hold_step();
        };
        let (id, amount) = (transfer_id(&transfer.key), transfer.amount);
        let count = if self.rng.random_bool(0.4) { 3 } else { 1 };
        let reversals = (0..count).map(|_| {
            let key = self.key();
            Ask::One(self.reversal(key, id, amount))
        });
        Step::Post(reversals.collect())
    }

    /// Two to four legs; now and then the same group twice at the same time.
    fn group_step(&mut self) -> Step {
        let key = self.key();
        let id = transfer_id(&key);
        let size = self.rng.random_range(2..=4);
        let mut subjects = HashSet::new();
        let legs = (1..=size).map(|place| {
            let key = leg_id(id, place).to_string();
            self.item(key, &mut subjects)
        });
        let ask = Ask::Group(key, legs.collect());
        let twins = if self.rng.random_bool(0.2) { 2 } else { 1 };
        Step::Post(vec![ask; twins])
    }

    fn bulk_step(&mut self) -> Step {
        let size = self.rng.random_range(2..=20);
        let mut subjects = HashSet::new();
        let items = (0..size).map(|_| {
            let key = self.key();
            self.item(key, &mut subjects)
        });
        Step::Post(vec![Ask::Bulk(items.collect())])
    }

    /// Anything, about a subject that none before it is about.
    fn item(&mut self, key: String, subjects: &mut HashSet<Uuid>) -> Item {
        let choice = self.rng.random_range(0..10);
        let hold = self.known.holds.choose(&mut self.rng).copied();
        let transfer = self.recent.choose(&mut self.rng);
        let transfer = transfer.map(|transfer| (transfer_id(&transfer.key), transfer.amount));
        match (choice, hold, transfer) {
            (0 | 1, ..) => self.hold(key),
            (2, Some(hold), _) if subjects.insert(hold.id) => self.change(key, hold),
            (3, _, Some((id, amount))) if subjects.insert(id) => self.reversal(key, id, amount),
            _ => {
                let source_id = self.some_wallet();
                let deed = Deed::Transfer {
                    source_id,
                    target_id: self.other_wallet(source_id, Self::some_wallet),
                    amount: self.rng.random_range(1..400),
                };
                Item::new(key, deed)
            }
        }
    }

    fn hold(&mut self, key: String) -> Item {
        let source_id = self.some_wallet();
        let target_id = self
            .rng
            .random_bool(0.3)
            .then(|| self.other_wallet(source_id, Self::some_wallet));
        let amount = self.rng.random_range(2..200);
        let expires_in = self
            .rng
            .random_bool(0.5)
            .then(|| self.rng.random_range(1..=2));
        self.known.new_holds.push(Asked {
            id: transfer_id(&key),
            source_id,
            target_id,
            amount,
        });
        let deed = Deed::Hold {
            source_id,
            target_id,
            amount,
            expires_in,
        };
        Item::new(key, deed)
    }

    fn change(&mut self, key: String, hold: Asked) -> Item {
        let hold_id = hold.id;
        let choice = self.rng.random_range(0..10);
        let deed = match choice {
            0 => Deed::Release { hold_id },
            1 => Deed::Adjustment {
                hold_id,
                amount: None,
                expires_in: Some(self.rng.random_range(1..=2)),
            },
            2 => Deed::Adjustment {
                hold_id,
                amount: Some(self.rng.random_range(1..300)),
                expires_in: None,
            },
            _ => Deed::Capture {
                hold_id,
                target_id: match hold.target_id {
                    Some(target_id) => target_id,
                    None => self.other_wallet(hold.source_id, Self::some_wallet),
                },
                amount: match choice {
                    3 | 4 => None,
                    5 => Some(hold.amount + self.rng.random_range(1..50)),
                    _ => Some(self.rng.random_range(1..=hold.amount / 2)),
                },
                is_final: self.rng.random_bool(0.3),
                may_exceed: choice == 5 && self.rng.random_bool(0.5),
            },
        };
        Item::new(key, deed)
    }

    fn reversal(&mut self, key: String, transfer_id: Uuid, amount: i64) -> Item {
        let amount = self
            .rng
            .random_bool(0.7)
            .then(|| self.rng.random_range(1..=amount));
        let deed = Deed::Reversal {
            transfer_id,
            amount,
        };
        Item::new(key, deed)
    }
}

fn forget<T>(list: &mut Vec<T>, max: usize) {
    list.drain(..list.len().saturating_sub(max));
}
