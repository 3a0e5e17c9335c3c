//! The API against its own description: every check and every phase of schemathesis, by
//! `schemathesis.toml`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use testbed::place::repository;
use testbed::place::setting;
use testbed::postgres::ADMIN_KEY;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::docs::{openapi, operations};
use crate::events::Appending;
use crate::stack::Stack;

#[tokio::test]
async fn schemathesis_finds_nothing_in_any_operation() {
    let stack = Stack::start().await;
    let _appending = Appending::start(&stack).await;
    let own = "select id from remit.keys";
    let row = stack.owner().await.query_one(own, &[]).await;
    let own: Uuid = row.expect("there is one key").get(0);
    let report = PathBuf::from(setting("REMIT_TEST_DIR")).join("schemathesis.json");
    let mut run = Command::new(setting("REMIT_TEST_SCHEMATHESIS"));
    run.current_dir(repository())
        .env("REMIT_API_KEY_ID", own.to_string())
        .arg("run")
        .arg(format!(
            "http://127.0.0.1:{}/openapi.json",
            stack.server.port
        ))
        .args(["--header", &format!("Authorization: Bearer {ADMIN_KEY}")])
        .args(["--checks", "all", "--report-json-path"])
        .arg(&report);
    let run = spawn_blocking(move || run.output())
        .await
        .expect("no panic");
    let run = run.expect("stack/schemathesis has made it ready");
    let said = String::from_utf8_lossy(&run.stdout);
    let complaints = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}{complaints}");
    check(&report);
    stack.verify().await;
    let log = fs::read_to_string(&stack.log).expect("the server logs");
    assert!(!log.contains("panicked") && !log.contains("\"ERROR\""));
}

/// Asserts that the run was a real one: nothing left out, and each operation did what it is for.
fn check(report: &PathBuf) {
    let report = fs::read(report).expect("there is a report");
    let report: Value = serde_json::from_slice(&report).expect("the report is JSON");
    assert_eq!(report["complete"], true);
    let phases = report["phases"].as_object().expect("an object");
    assert_eq!(phases.len(), 4);
    for (phase, outcome) in phases {
        assert_eq!(outcome["status"], "success", "{phase}");
    }
    let rates = report["valid_rates"].as_object().expect("an object");
    // It leaves out the operation that gives the description, and the stream, which does not end.
    assert_eq!(rates.len(), operations(&openapi()).len() - 2);
    for (operation, phases) in rates {
        let phases = phases.as_object().expect("an object").values();
        let accepted: u64 = phases.filter_map(|phase| phase["accepted"].as_u64()).sum();
        // What is to be tried again only a worker makes, which does not run here.
        if operation != "POST /webhooks/{id}/failures/{position}/retry" {
            assert!(accepted > 0, "{operation} never succeeded");
        }
    }
}
