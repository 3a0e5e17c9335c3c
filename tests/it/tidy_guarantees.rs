//! What docs/ names exists: the proofs of the promises, and the metrics of the alerts.

use std::time::Duration;

use remit::base::metrics::{CacheRead, Metrics};

use crate::tidy::file;

/// The tests that a text names as `path.rs::function`.
fn proofs(text: &str) -> Vec<(&str, &str)> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted
        .filter_map(|name| name.split_once("::"))
        .filter(|(path, _)| path.ends_with(".rs"))
        .collect()
}

/// The files of tests/sql that a text names.
fn sql_proofs(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|name| name.starts_with("tests/sql/"))
}

#[test]
fn each_promise_names_a_test_that_is_there() {
    let guarantees = file("docs/guarantees.md");
    let promised = guarantees.split("## What is not promised").next();
    let rows = promised.unwrap_or_default().lines().filter(|line| {
        line.starts_with("| ") && !line.starts_with("| Promise") && !line.starts_with("| ---")
    });
    let mut count = 0;
    for row in rows {
        let proofs = proofs(row);
        let mut sql_count = 0;
        for path in sql_proofs(row) {
            assert!(file(path).contains("select plan("), "{path} is no test");
            sql_count += 1;
        }
        assert!(proofs.len() + sql_count > 0, "nothing proves: {row}");
        for (path, function) in proofs {
            let text = file(path);
            let name = format!("fn {function}()");
            let place = text.find(&name);
            let place = place.unwrap_or_else(|| panic!("{path} has no {function}"));
            let before = text[..place].lines().rev().take(4);
            let is_test = before
                .into_iter()
                .any(|line| line.contains("#[test]") || line.contains("#[tokio::test"));
            assert!(is_test, "{path}: {function} is no test");
        }
        count += 1;
    }
    assert!(count >= 20, "the promises are read: {count}");
}

#[test]
fn each_metric_of_the_runbooks_is_exported() {
    let runbooks = file("docs/operations.md");
    // Those of the worker are the business of its own tests.
    let is_name = |word: &&str| {
        word.starts_with("remit_") && !word.starts_with("remit_worker") && *word != "remit_server"
    };
    let metrics = Metrics::new();
    // What has no labels yet is not exported.
    metrics.request("wallet_get", 200, Duration::ZERO);
    metrics.cache_read(CacheRead::Hit);
    let exported = metrics.encode();
    let alerts = runbooks.split("## Alerts").nth(1).unwrap_or_default();
    let mut count = 0;
    for name in alerts.split('`').skip(1).step_by(2).filter(is_name) {
        let family = name.strip_suffix("_total").unwrap_or(name);
        let kind = if family == name { "" } else { "counter" };
        let described = format!("# TYPE {family} {kind}");
        assert!(exported.contains(&described), "nothing exports {name}");
        count += 1;
    }
    assert!(count >= 4, "the alerts are read: {count}");
}
