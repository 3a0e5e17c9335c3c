//! The steps of `transfers_post` and their parts, which are called by it alone.

use std::collections::BTreeSet;

use crate::tidy_sql::{functions, without_comments};

/// The steps of `transfers_post`, which run under its settings, also in its search path.
/// To pin it again would cost each call 2 µs a step, and 1 µs for each request that a part is
/// called for.
const STEPS: [&str; 5] = [
    "transfers_admit",
    "wallets_lock",
    "transfers_draft",
    "transfers_decide",
    "transfers_store",
];

/// What a step or another part calls.
const PARTS: [&str; 14] = [
    "terms_resolve",
    "terms_read",
    "holds_expire",
    "subjects_read",
    "request_fault",
    "transfer_replay",
    "terms_weigh",
    "first_open",
    "first_expiry",
    "originals_after",
    "effect_draw",
    "group_refuse",
    "holds_store",
    "spending_record",
];

/// Whether a function of the schema `remit` has the settings of its caller.
pub fn is_step_or_part(name: &str) -> bool {
    STEPS.contains(&name) || PARTS.contains(&name)
}

#[test]
fn the_steps_of_transfers_post_are_called_by_it_and_by_the_sweeper_alone() {
    for step in STEPS {
        let call = format!("remit.{step}(");
        let callers = functions().into_iter().filter(|function| {
            let calls = without_comments(&function.text).matches(&call).count();
            // Its own file names it where it is made, and in its comment.
            calls > 0 && function.name != step
        });
        let callers: BTreeSet<String> = callers.map(|function| function.name).collect();
        let mut expected = BTreeSet::from(["transfers_post".to_owned()]);
        if ["wallets_lock", "transfers_store"].contains(&step) {
            expected.insert("holds_expire".to_owned());
        }
        assert_eq!(callers, expected, "{step}");
    }
}

#[test]
fn parts_are_called_by_steps_and_other_parts() {
    for part in PARTS {
        let call = format!("remit.{part}(");
        let callers: Vec<String> = functions()
            .into_iter()
            .filter(|function| without_comments(&function.text).contains(&call))
            .map(|function| function.name)
            .filter(|name| !is_step_or_part(name))
            .collect();
        // It has the settings of transfers_post for this one call.
        let expected: &[&str] = match part {
            "terms_resolve" => &["transfers_insist"],
            _ => &[],
        };
        assert_eq!(callers, expected, "{part}");
    }
}
