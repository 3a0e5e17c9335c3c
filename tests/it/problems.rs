//! Every problem that a client can meet, and its shape (RFC 9457).

use std::collections::BTreeSet;

use hyper::Method;
use remit::http::problem::{Code, OF_NGINX};
use serde_json::Value;
use testbed::http::Answer;
use uuid::Uuid;

use crate::problems_cases::Cases;
use crate::stack::Stack;

/// Problems that no single request can cause, and where they are tested.
const ELSEWHERE: [(&str, &str); 14] = [
    ("too_many_webhooks", "webhooks.rs, with 20 of them"),
    ("unauthenticated", "callers.rs, without a valid key"),
    ("forbidden", "callers.rs, with keys of other scopes"),
    ("request_in_progress", "idempotency_twins.rs, with a twin"),
    ("wallet_busy", "hot_wallet.rs, with another session"),
    (
        "database_unavailable",
        "idempotency_unstored.rs, with a cut connection",
    ),
    (
        "internal_error",
        "problems_inside.rs, with a broken database",
    ),
    (
        "overloaded",
        "overload.rs, with more requests than may wait",
    ),
    (
        "group_refused",
        "verbs_groups.rs, as the reason of the other legs",
    ),
    ("feed_restarted", "feed.rs, with a log that is another one"),
    ("too_many_readers", "feed.rs, with many that wait"),
    ("request_timeout", "overload.rs, with slow bodies"),
    (
        "stopping",
        "shutdown.rs, with a server that is about to end",
    ),
    (
        "unsupported_encoding",
        "body_transport.rs, with encoded bodies",
    ),
];

/// What an answer says of a problem.
pub trait Told {
    /// Status and problem code, which is empty where there is none.
    fn problem(&self) -> (u16, String);
}

impl Told for Answer {
    fn problem(&self) -> (u16, String) {
        if self.header("content-type") != "application/problem+json" {
            return (self.status, String::new());
        }
        assert_shape(self);
        let code = self.json()["code"].as_str().map(str::to_owned);
        (self.status, code.unwrap_or_default())
    }
}

/// Asserts that an answer is a well-formed problem.
pub fn assert_shape(answer: &Answer) {
    let problem = answer.json();
    let code = problem["code"].as_str().expect("a problem has a code");
    assert_eq!(problem["type"], format!("/problems/{code}"));
    assert_eq!(problem["status"], answer.status);
    for member in ["title", "detail"] {
        let text = problem[member].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "{problem}");
    }
    assert!(problem["request_id"].is_string() && !answer.header("x-request-id").is_empty());
    let Some(known) = Code::ALL.iter().find(|known| known.name() == code) else {
        assert!(OF_NGINX.contains(&code), "{code} is in no table");
        return;
    };
    assert_eq!(known.status(), answer.status);
    assert_eq!(problem["sqlstate"].as_str(), known.sqlstate());
    let may_change =
        answer.status == 503 || ["request_in_progress", "too_many_readers"].contains(&code);
    let retry_after = if may_change { "1" } else { "" };
    assert_eq!(answer.header("retry-after"), retry_after);
    assert_eq!(answer.headers.contains_key("allow"), answer.status == 405);
    let is_challenge = matches!(answer.status, 401 | 403);
    assert_eq!(
        answer.headers.contains_key("www-authenticate"),
        is_challenge
    );
}

#[tokio::test]
async fn every_problem_has_its_cause_its_status_and_its_place() {
    let stack = Stack::start().await;
    let mut cases = Cases::new(&stack.http);
    cases.expect_of_bodies().await;
    cases.expect_of_paths().await;
    cases.expect_of_administration().await;
    cases.expect_of_transfers(&stack).await;
    cases.expect_of_holds().await;
    cases.expect_of_methods().await;
    let headers = [("content-type", "text/plain")];
    let refused = stack
        .http
        .send(Method::POST, "/users", &headers, "{}")
        .await;
    assert_eq!(
        refused.problem(),
        (415, "unsupported_media_type".to_owned())
    );
    cases.seen.insert("unsupported_media_type".to_owned());

    cases
        .seen
        .extend(ELSEWHERE.map(|(code, _)| code.to_owned()));
    let all: BTreeSet<String> = Code::ALL
        .iter()
        .map(|code| code.name().to_owned())
        .collect();
    assert_eq!(cases.seen, all, "a code has no case");
    stack.verify().await;
}

#[tokio::test]
async fn a_stored_rejection_names_its_transfer() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(1).await, stack.http.wallet(0).await);
    let key = Uuid::new_v4();
    let refused = stack
        .http
        .transfer_with_key(&key.to_string(), source, target, 2)
        .await;
    assert_eq!(refused.id("transfer_id"), key);
    let unstored = stack.http.transfer(source, source, 1).await;
    assert_eq!(unstored.json()["transfer_id"], Value::Null);
}
