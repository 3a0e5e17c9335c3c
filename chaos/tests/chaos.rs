//! A short run with each kind of fault, which must find nothing; and runs of a Remit with a bug,
//! which must find it. They break the same servers, so that nextest runs one after the other.

use std::fs;
use std::path::PathBuf;

use remit_chaos::aim::SERVER_LATE;
use remit_chaos::options::Options;
use remit_chaos::planted::Bug;
use remit_chaos::report::Report;
use remit_chaos::rule::Rule;
use remit_chaos::run::run;
use testbed::place::{optional_setting, setting};

const SEED: u64 = 4;
const SECONDS: u64 = 45;
/// How many runs a planted bug has to be found in.
const RUNS_MAX: u64 = 3;
/// On a machine that compiles, tests and starts servers at the same time. `make chaos` allows 5.
const RECOVERY_S_MAX: u64 = 25;

/// The folder of the servers that these tests break, and the base of their ports: those of
/// `make test` for them alone, or those of all tests.
fn services() -> (PathBuf, u16) {
    if let Some(folder) = optional_setting("REMIT_TEST_CHAOS") {
        return (folder.into(), number(&setting("REMIT_TEST_CHAOS_BASE")));
    }
    let tests = PathBuf::from(setting("REMIT_TEST_DIR"));
    let folder = tests.parent().expect("it lies in the servers' folder");
    let base = fs::read_to_string(folder.join("etc/port_base"));
    let base = base.expect("stack/services has noted the ports");
    (folder.to_owned(), number(&base))
}

fn number(text: &str) -> u16 {
    text.trim().parse().expect("a base is a number")
}

fn options(seconds: u64) -> Options {
    let (services, base) = services();
    Options {
        recovery_s_max: RECOVERY_S_MAX,
        ..Options::new(&services, base, SEED, seconds)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_doubled() {
    let options = options(SECONDS);
    let report = run(options).await.expect("the run can be carried out");
    println!("{}", report.text);
    assert!(report.violations.is_empty(), "{}", report.text);
}

/// A run of a Remit with a bug.
async fn planted(bug: Bug, seed: u64) -> Report {
    let mut options = options(0);
    options.seed = seed;
    options.is_verbose = false;
    bug.aim(&mut options);
    run(options).await.expect("the run can be carried out")
}

/// Only the server's late start concerns the way of the money, only the worker's the events: each
/// has to be seen.
#[tokio::test(flavor = "multi_thread")]
async fn programs_that_recover_late_are_found() {
    let report = planted(Bug::StartLate, SEED).await;
    println!("{}", report.text);
    let late = report.violations.iter().flat_map(|(_, _, found)| found);
    let late: Vec<_> = late
        .filter(|found| found.rule == Rule::RecoversInTime)
        .collect();
    for sign in [
        "kill -9 server: ",
        "kill -9 worker: the oldest event waited for ",
    ] {
        let mut details = late
            .iter()
            .filter_map(|found| found.detail.strip_prefix(sign));
        // As long as the bug makes it, which a busy machine alone does not.
        let is_late = |ms: &str| {
            ms.trim_end_matches(" ms")
                .parse()
                .is_ok_and(|ms: u128| ms > SERVER_LATE.as_millis())
        };
        assert!(details.any(is_late), "{sign}");
    }
}

/// A run of seconds may miss what depends on chance, above all where the machine is busy: three may
/// not.
async fn is_found(bug: Bug) {
    for seed in SEED..SEED + RUNS_MAX {
        let report = planted(bug, seed).await;
        println!("{bug:?}: {}", report.text);
        if report.has(bug.rule()) {
            return;
        }
    }
    panic!("{bug:?} is not found by {}", bug.rule());
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_not_looked_up_are_found() {
    is_found(Bug::SkipLookup).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_without_order_are_found() {
    is_found(Bug::UnorderedLocks).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_are_answered_too_early_are_found() {
    is_found(Bug::CommitLater).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_are_settled_too_early_are_found() {
    is_found(Bug::CursorFirst).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_versions_in_the_cache_are_found() {
    is_found(Bug::CacheAnyVersion).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_generation_that_is_read_on_is_found() {
    is_found(Bug::OldGeneration).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_that_end_late_are_found() {
    is_found(Bug::ExpireLate).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn legs_that_stay_of_a_refused_group_are_found() {
    is_found(Bug::KeepLegs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_to_other_content_are_found() {
    is_found(Bug::AnswerAnyContent).await;
}
