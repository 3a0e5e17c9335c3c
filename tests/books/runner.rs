//! How many cases are tried, and what is kept of those that fail.

use std::env;

use proptest::test_runner::{Config, FileFailurePersistence, RngAlgorithm, TestRng, TestRunner};
use tokio::runtime::Runtime;

/// Below this a case is as small as it is worth.
const SHRINKS_MAX: u32 = 3_000;

/// A runner whose failing cases are kept in the file `name` in `proptest-regressions`, and tried
/// first the next time.
pub fn runner(name: &'static str, cases: u32) -> TestRunner {
    TestRunner::new(Config {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(name))),
        max_shrink_iters: SHRINKS_MAX,
        ..Config::default()
    })
}

/// A runner for cases of which one is expected to fail: always the same ones, and nothing is kept
/// or made smaller.
pub fn forgetful_runner(cases: u32) -> TestRunner {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// How many cases PROPTEST_CASES asks for, or so many.
#[expect(clippy::disallowed_methods, reason = "a test is no program")]
pub fn cases(default: u32) -> u32 {
    let wanted = env::var("PROPTEST_CASES").ok();
    wanted.map_or(default, |text| {
        text.parse().expect("PROPTEST_CASES is a number")
    })
}

/// What runs the async parts of a test that proptest drives.
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime needs nothing special")
}
