//! Conditions, at most, and dry runs.

use super::*;
use crate::history::Trial;

/// What is found where the second transfer was asked for with these terms and this amount, of a
/// source with this floor.
fn found_with(terms: &Value, asked: i64, floor: Option<i64>) -> BTreeSet<Rule> {
    found(|run| {
        let row = run.books.journal.get_mut(&Uuid::from_u128(9));
        let row = row.expect("it is there");
        row.terms = terms.clone();
        row.amount_asked = Some(asked);
        let source = run.books.wallets.get_mut(&Uuid::from_u128(1));
        source.expect("it is there").floor = floor;
    })
}

#[test]
fn a_condition_that_was_not_met_is_found() {
    for (terms, is_met) in [
        (json!({"source_version": 1}), true),
        (json!({"source_version": 0}), false),
        (json!({"source_version": 2}), false),
        (json!({"source_balance_min": -10}), true),
        (json!({"source_balance_min": -9}), false),
        (json!({"target_balance_max": 10}), true),
        (json!({"target_balance_max": 9}), false),
    ] {
        let rules = found_with(&terms, 5, None);
        assert_ne!(rules.contains(&Rule::WishesMet), is_met, "{terms}");
    }
}

#[test]
fn more_or_less_than_there_was_is_found() {
    let at_most = json!({"at_most": true});
    for (asked, floor, is_right) in [
        (5, None, true),
        (7, None, false),
        (9, Some(-15), true),
        (9, Some(-16), false),
        (5, Some(-16), true),
    ] {
        let rules = found_with(&at_most, asked, floor);
        assert_ne!(
            rules.contains(&Rule::WishesMet),
            is_right,
            "{asked} {floor:?}"
        );
    }
}

#[test]
fn a_condition_that_cannot_have_failed_is_found() {
    // Between the two transfers the source was at version 1.
    for (version, is_due) in [(0, true), (1, false), (2, true)] {
        let rules = found(|run| {
            let refused = JournalRow {
                outcome: "condition_failed".to_owned(),
                source_version: None,
                source_balance: None,
                target_version: None,
                target_balance: None,
                created_at_us: 15,
                terms: json!({"source_version": version}),
                ..row(30, 5, 0, 0, 0)
            };
            run.books.journal.insert(refused.id, refused);
        });
        let is_found = rules.contains(&Rule::RejectionsWereDue);
        assert_ne!(is_found, is_due, "{version}");
    }
}

#[test]
fn a_dry_run_that_was_written_is_found() {
    for (id, is_written) in [(9, true), (77, false)] {
        let rules = found(|run| {
            run.facts.trials.push(Trial {
                ids: vec![Uuid::from_u128(id)],
                answer: Answer {
                    status: 200,
                    body: String::new(),
                },
            });
        });
        assert_eq!(rules.contains(&Rule::DryRunsLeaveNothing), is_written);
    }
}
