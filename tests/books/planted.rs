//! Faults put into the functions on purpose: a model that finds none of them would prove nothing.

mod terms;

use std::fmt::Debug;
use std::{fs, thread};

use proptest::test_runner::TestError;
use testbed::place::repository;
use testbed::postgres::Database;

use crate::kinds::Kind;
use crate::runner::{forgetful_runner, runtime};
use crate::schedule::Stage;
use crate::{book, interleavings, sequences, strategy};

/// A fault shows within so many cases.
const CASES: u32 = 3_000;

/// Faults that are looked for at once.
const THREADS: usize = 4;

/// A rule that is broken: the function's file, and in it a text that stands there once, and what
/// stands there instead.
struct Fault {
    rule: &'static str,
    function: &'static str,
    text: &'static str,
    instead: &'static str,
}

const ADMIT: &str = "remit/transfers_admit";
const LOCK: &str = "remit/wallets_lock";
const DRAFT: &str = "remit/transfers_draft";
const DECIDE: &str = "remit/transfers_decide";
const SEEN: &str = "remit/transfer_seen";

const FAULTS: [Fault; 17] = [
    Fault {
        rule: "an id that the journal has is replayed",
        function: DRAFT,
        text: "t.id = u.id",
        instead: "t.id = u.id and t.amount <> 100",
    },
    Fault {
        rule: "an id that the same call has is replayed",
        function: DECIDE,
        text: "case when cardinality(drafts) > 1 then",
        instead: "case when false then",
    },
    Fault {
        rule: "an id is taken by its content, metadata too",
        function: "remit/transfer_replay",
        text: "draft.reference, draft.metadata, draft.terms",
        instead: "draft.reference, stored.metadata, draft.terms",
    },
    Fault {
        rule: "a balance may reach its floor",
        function: DECIDE,
        text: "draft.exposed < wallets[draft.source].floor",
        instead: "draft.exposed <= wallets[draft.source].floor",
    },
    Fault {
        rule: "a frozen wallet receives nothing",
        function: DRAFT,
        text: "wallets[r.source].is_frozen or wallets[r.target].is_frozen",
        instead: "wallets[r.source].is_frozen",
    },
    Fault {
        rule: "a daily limit counts what left in the same call",
        function: DECIDE,
        text: "spents[draft.source] := spents[draft.source] + draft.counted;",
        instead: "null;",
    },
    Fault {
        rule: "a balance is exact in JSON",
        function: DECIDE,
        text: "balances[draft.target] + draft.moved > 9007199254740991 or ",
        instead: "",
    },
    Fault {
        rule: "a user's key spends from its user's wallets only",
        function: ADMIT,
        text: "\n                  and remit.caller_sees(r.user_id, w.user_id)",
        instead: "",
    },
    Fault {
        rule: "a transfer goes by the balance that the one before left",
        function: DECIDE,
        text: "balances[draft.target] := draft.target_balance;",
        instead: "balances[draft.target] := draft.target_balance + (draft.amount = 100)::integer;",
    },
    Fault {
        rule: "a rejection has an event",
        function: "remit/transfers_store",
        text: "from stored s\n    having",
        instead: "from stored s where s.outcome = 'posted'\n    having",
    },
    Fault {
        rule: "a statement goes back from before a version",
        function: "remit_v1/entry_list",
        text: "t.target_version < before_bound",
        instead: "t.target_version <= before_bound",
    },
    Fault {
        rule: "who received a transfer does not see the source's balance",
        function: SEEN,
        text: "seen.source_balance := null;",
        instead: "",
    },
    Fault {
        rule: "who sends a transfer does not see the target's balance",
        function: SEEN,
        text: "seen.target_balance := null;",
        instead: "",
    },
    Fault {
        rule: "the creation of a wallet is answered again as it was",
        function: "remit/wallet_replay",
        text: "coalesce(initial.target_version, 0), 0,",
        instead: "stored.version, 0,",
    },
    Fault {
        rule: "a new daily limit counts what left before",
        function: "remit_ops_v1/wallet_limits_set",
        text: "exit when entry.hour < hour_first and hours_seen >= hours_counted;",
        instead: "exit;",
    },
    Fault {
        rule: "a revoked key is good for nothing",
        function: "remit_v1/key_revoke",
        text: "set revoked_at = coalesce(k.revoked_at, clock_timestamp())",
        instead: "set revoked_at = null",
    },
    Fault {
        rule: "a status change has one event",
        function: "remit/wallet_status_set",
        text: "    if found then\n",
        instead: "    if changed.status_version > 1 then\n",
    },
];

/// A database with the fault in it.
async fn broken(fault: &Fault) -> Database {
    let path = format!("sql/functions/{}.sql", fault.function);
    let sql = fs::read_to_string(repository().join(&path)).expect("it is there");
    assert_eq!(sql.matches(fault.text).count(), 1, "{path}: {}", fault.text);
    let database = book::database().await;
    let owner = database.connect().await;
    let sql = sql.replace(fault.text, fault.instead);
    let replaced = owner.batch_execute(&sql).await;
    replaced.unwrap_or_else(|error| panic!("{}: {error}", fault.rule));
    database
}

/// Asserts that a run failed for a case.
fn assert_found<T: Debug>(fault: &Fault, result: &Result<(), TestError<T>>) {
    let is_found = matches!(result, Err(TestError::Fail(..)));
    assert!(
        is_found,
        "nobody noticed that it is no longer so: {}",
        fault.rule
    );
}

fn find_in_sequences(fault: &Fault) {
    let runtime = runtime();
    let database = runtime.block_on(broken(fault));
    let owner = runtime.block_on(database.connect());
    let ledger = runtime.block_on(book::open(&owner));
    let result = forgetful_runner(CASES).run(&strategy::calls(), |calls| {
        runtime.block_on(sequences::try_calls(&owner, ledger, &calls))
    });
    assert_found(fault, &result);
}

#[test]
fn a_broken_rule_is_found() {
    find_all(&FAULTS);
}

#[test]
fn a_broken_rule_of_terms_is_found() {
    find_all(&terms::FAULTS);
}

fn find_all(faults: &[Fault]) {
    thread::scope(|scope| {
        for faults in faults.chunks(faults.len().div_ceil(THREADS)) {
            scope.spawn(|| faults.iter().for_each(find_in_sequences));
        }
    });
}

/// Faults that two sessions must meet to notice, and the pair that does.
const RACES: [(Fault, [Kind; 2]); 4] = [
    (
        Fault {
            rule: "wallets are locked before anything is decided",
            function: LOCK,
            text: "for no key update skip locked",
            instead: "",
        },
        [Kind::TransfersPost, Kind::TransferCreate],
    ),
    (
        Fault {
            rule: "a transfer by hand waits for its wallets",
            function: "remit/transfers_insist",
            text: "perform remit.wallets_wait(",
            instead: "perform concat(",
        },
        [Kind::TransferCreate, Kind::WalletFreeze],
    ),
    (
        Fault {
            rule: "a transfer by hand whose id another session has just used is looked up again",
            function: "remit/transfers_insist",
            text: "when unique_violation then",
            instead: "when division_by_zero then",
        },
        [Kind::TransferCreate, Kind::TransferCreate],
    ),
    (
        Fault {
            rule: "the issuance wallet is waited for",
            function: "remit_v1/wallet_create",
            text: "perform remit.wallets_wait(",
            instead: "perform concat(",
        },
        [Kind::WalletCreate, Kind::WalletLimitsSet],
    ),
];

#[test]
fn a_race_is_found() {
    let runtime = runtime();
    for (fault, pair) in RACES.iter().chain(&terms::RACES) {
        let database = runtime.block_on(broken(fault));
        let stage = runtime.block_on(Stage::of(&database));
        let result = interleavings::try_pair(&runtime, &stage, *pair, &mut forgetful_runner(CASES));
        assert_found(fault, &result);
    }
}
