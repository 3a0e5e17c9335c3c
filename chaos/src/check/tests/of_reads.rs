//! What clients read.

use super::*;
use crate::history::{Around, Newest};

fn read(version: i64, balance: i64) -> Read {
    Read {
        wallet_id: Uuid::from_u128(2),
        version,
        balance,
        held: 0,
        available: balance,
        held_until_us: None,
        around: Around::default(),
        known: 0,
        written: None,
        told: Newest::default(),
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
fn a_read_that_is_older_than_what_anybody_was_told_is_found() {
    let after = |told_version, transfer: Option<u128>, version, balance| {
        found(|run| {
            run.facts.reads.push(Read {
                told: Newest {
                    version: told_version,
                    transfer: transfer.map(Uuid::from_u128),
                },
                ..read(version, balance)
            });
        })
    };
    assert_eq!(after(1, Some(9), 2, 15), BTreeSet::new());
    assert_eq!(after(2, Some(8), 1, 10), [Rule::AcknowledgedRead].into());
    assert_eq!(after(0, Some(9), 1, 10), [Rule::AcknowledgedRead].into());
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
                held: 0,
            });
        })
    };
    assert_eq!(entry(5), BTreeSet::new());
    assert_eq!(entry(-5), [Rule::ReadIsOfTheJournal].into());
}
