//! Every problem that a client can meet, and its shape (RFC 9457).

use std::collections::BTreeSet;

use hyper::Method;
use remit::problem::Code;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::http::{Answer, Http};
use crate::stack::Stack;

/// Problems that no single request can cause, and where they are tested.
const ELSEWHERE: [(&str, &str); 8] = [
    ("unauthenticated", "callers.rs, without a valid key"),
    ("forbidden", "callers.rs, with keys of other scopes"),
    ("transfer_in_progress", "idempotency_twins.rs, with a twin"),
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
    ("request_timeout", "overload.rs, with slow bodies"),
];

/// nginx's own problems.
const OF_NGINX: [&str; 7] = [
    "malformed_request",
    "uri_too_long",
    "rate_limited",
    "headers_too_large",
    "bad_gateway",
    "unavailable",
    "gateway_timeout",
];

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
    let retry_after = if matches!(answer.status, 409 | 503) {
        "1"
    } else {
        ""
    };
    assert_eq!(answer.header("retry-after"), retry_after);
    assert_eq!(answer.headers.contains_key("allow"), answer.status == 405);
    let is_challenge = matches!(answer.status, 401 | 403);
    assert_eq!(
        answer.headers.contains_key("www-authenticate"),
        is_challenge
    );
}

struct Cases {
    http: Http,
    seen: BTreeSet<String>,
}

impl Cases {
    /// Sends a request and asserts which problem it meets and where that points to.
    async fn expect(
        &mut self,
        expected: (u16, &str, &str),
        request: (Method, &str, &str, Value),
    ) -> Answer {
        let (status, code, pointer) = expected;
        let (method, path, key, body) = request;
        let mut headers = vec![
            ("content-type", "application/json"),
            ("x-request-id", "r-1"),
        ];
        if !key.is_empty() {
            headers.push(("idempotency-key", key));
        }
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let what = format!("{method} {path} {body:.100}");
        let answer = self.http.send(method, path, &headers, text).await;
        assert_eq!(answer.problem(), (status, code.to_owned()), "{what}");
        let pointed = answer.json()["pointer"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert_eq!(pointed, pointer, "{what}");
        assert_eq!(answer.json()["request_id"], "r-1", "{what}");
        assert_eq!(answer.header("x-request-id"), "r-1", "{what}");
        self.seen.insert(code.to_owned());
        answer
    }
}

#[tokio::test]
async fn every_problem_has_its_cause_its_status_and_its_place() {
    let stack = Stack::start().await;
    let (http, absent) = (&stack.http, Uuid::new_v4());
    let (source, target) = (http.wallet(100).await, http.wallet(0).await);
    let (frozen, user) = (http.wallet(0).await, http.user().await);
    stack.operate("wallet_freeze", frozen).await;
    let mut cases = Cases {
        http: http.clone(),
        seen: BTreeSet::new(),
    };
    let transfer = json!({"source_id": source, "target_id": target, "amount": 1});

    for (status, code, pointer, path, body) in [
        (400, "malformed_json", "", "/users", Value::Null),
        (400, "malformed_body", "", "/users", json!([])),
        (400, "malformed_body", "/name", "/users", json!({"name": 1})),
        (
            400,
            "unknown_field",
            "",
            "/users",
            json!({"name": "A", "nick": "B"}),
        ),
        (
            400,
            "malformed_query",
            "",
            "/users?a=b",
            json!({"name": "A"}),
        ),
        (422, "invalid_field", "/name", "/users", json!({"name": ""})),
        (
            413,
            "body_too_large",
            "",
            "/users",
            json!({"name": "n".repeat(16_384)}),
        ),
        (
            404,
            "user_not_found",
            "/user_id",
            "/wallets",
            wallet_of(absent, "USD", 0),
        ),
        (
            422,
            "currency_unknown",
            "/currency",
            "/wallets",
            wallet_of(user, "ABC", 0),
        ),
        (
            422,
            "balance_limit_exceeded",
            "/initial_balance",
            "/wallets",
            wallet_of(user, "USD", 9_007_199_254_740_991),
        ),
        (
            400,
            "idempotency_key_missing",
            "",
            "/transfers",
            transfer.clone(),
        ),
    ] {
        let request = (Method::POST, path, "", body);
        cases.expect((status, code, pointer), request).await;
    }
    for (status, code, path) in [
        (400, "malformed_id", "/users/7"),
        (400, "malformed_id", "/wallets/7"),
        (400, "malformed_id", "/wallet/7"),
        (400, "malformed_id", "/wallets/x/entries"),
        (400, "malformed_id", "/users/x/wallets"),
        (400, "malformed_id", "/transfers/%FF"),
        (400, "malformed_query", "/wallets/{}/entries?limit=0"),
        (400, "malformed_query", "/wallets/{}?limit=1"),
        (400, "malformed_query", "/users/{}?x"),
        (400, "malformed_query", "/transfers/{}?x"),
        (404, "route_not_found", "/"),
        (404, "route_not_found", "/nothing"),
        (404, "route_not_found", "/users/"),
        (404, "route_not_found", "/wallets//entries"),
        (404, "route_not_found", "/v1/users"),
        (404, "route_not_found", "/docs/nothing"),
        (404, "route_not_found", "/Users"),
        (404, "wallet_not_found", "/wallets/{}"),
        (404, "user_not_found", "/users/{}"),
        (404, "transfer_not_found", "/transfers/{}"),
        (404, "wallet_not_found", "/wallets/{}/limits"),
        (404, "ledger_not_found", "/ledgers/2"),
        (400, "malformed_id", "/ledgers/01"),
        (400, "malformed_query", "/keys?cursor=x"),
    ] {
        let path = path.replace("{}", &absent.to_string());
        let request = (Method::GET, path.as_str(), "", Value::Null);
        cases.expect((status, code, ""), request).await;
    }
    let limited = http.wallet(10).await;
    let path = format!("/wallets/{limited}/limits");
    let limits = json!({"transfer_max": 0, "daily_max": null});
    let headers = [("content-type", "application/json")];
    let set = http
        .send(Method::PUT, &path, &headers, limits.to_string())
        .await;
    assert_eq!(set.status, 200, "{set:?}");
    for (status, code, pointer, method, path, body) in [
        (
            404,
            "key_not_found",
            "",
            Method::DELETE,
            "/keys/{}",
            Value::Null,
        ),
        (
            404,
            "user_not_found",
            "/user_id",
            Method::POST,
            "/keys",
            json!({"name": "k", "scope": "user", "user_id": absent}),
        ),
        (
            422,
            "invalid_field",
            "/scope",
            Method::POST,
            "/keys",
            json!({"name": "k", "scope": "root"}),
        ),
        (
            422,
            "invalid_field",
            "/user_id",
            Method::POST,
            "/keys",
            json!({"name": "k", "scope": "user"}),
        ),
        (
            422,
            "invalid_field",
            "/expires_at",
            Method::POST,
            "/keys",
            json!({"name": "k", "scope": "admin", "expires_at": "2020-01-01T00:00:00Z"}),
        ),
        (
            422,
            "invalid_field",
            "/name",
            Method::POST,
            "/ledgers",
            json!({"name": ""}),
        ),
        (
            422,
            "invalid_field",
            "/reason",
            Method::POST,
            "/ledgers",
            json!({"name": "l", "reason": "r".repeat(201)}),
        ),
        (
            404,
            "wallet_not_found",
            "",
            Method::POST,
            "/wallets/{}/freeze",
            json!({}),
        ),
        (
            404,
            "wallet_not_found",
            "",
            Method::PUT,
            "/wallets/{}/limits",
            json!({"transfer_max": null, "daily_max": null}),
        ),
        (
            400,
            "malformed_body",
            "/daily_max",
            Method::PUT,
            "/wallets/{}/limits",
            json!({"transfer_max": null}),
        ),
        (
            422,
            "invalid_field",
            "/transfer_max",
            Method::PUT,
            "/wallets/{}/limits",
            json!({"transfer_max": -1, "daily_max": null}),
        ),
    ] {
        let path = path.replace("{}", &absent.to_string());
        let request = (method, path.as_str(), "", body);
        cases.expect((status, code, pointer), request).await;
    }
    http.post_with_key("/transfers", "used", &transfer).await;
    for (i, (status, code, pointer, key, field, value)) in [
        (
            400,
            "idempotency_key_malformed",
            "",
            "\"",
            "amount",
            json!(1),
        ),
        (
            422,
            "idempotency_key_reused",
            "",
            "used",
            "amount",
            json!(2),
        ),
        (
            404,
            "wallet_not_found",
            "/source_id",
            "",
            "source_id",
            json!(absent),
        ),
        (
            404,
            "wallet_not_found",
            "/target_id",
            "",
            "target_id",
            json!(absent),
        ),
        (
            422,
            "same_wallet",
            "/target_id",
            "",
            "target_id",
            json!(source),
        ),
        (422, "invalid_field", "/amount", "", "amount", json!(0)),
        (422, "insufficient_funds", "", "", "amount", json!(101)),
        (422, "wallet_frozen", "", "", "target_id", json!(frozen)),
        (422, "currency_mismatch", "", "", "currency", json!("EUR")),
        (422, "limit_exceeded", "", "", "source_id", json!(limited)),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = transfer.clone();
        body[field] = value;
        let new = format!("new {i}");
        let key = if key.is_empty() { &new } else { key };
        let request = (Method::POST, "/transfers", key, body);
        cases.expect((status, code, pointer), request).await;
    }
    for (method, path, allow) in [
        (Method::PUT, "/users", "POST"),
        (Method::GET, "/transfers", "POST"),
        (Method::POST, "/transfers/k", "GET, HEAD"),
        (Method::DELETE, "/wallets/7", "GET, HEAD"),
        (Method::OPTIONS, "/healthz", "GET, HEAD"),
    ] {
        let request = (method, path, "", Value::Null);
        let answer = cases.expect((405, "method_not_allowed", ""), request).await;
        assert_eq!(answer.header("allow"), allow);
    }
    let headers = [("content-type", "text/plain")];
    let refused = http.send(Method::POST, "/users", &headers, "{}").await;
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

fn wallet_of(user_id: Uuid, currency: &str, initial_balance: i64) -> Value {
    json!({"user_id": user_id, "currency": currency, "initial_balance": initial_balance})
}
