//! Requests that meet a problem each.

use std::collections::BTreeSet;

use hyper::Method;
use serde_json::{Value, json};
use testbed::http::{Answer, Http};
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

/// Where they are sent, and the codes that were met.
pub struct Cases {
    http: Http,
    pub seen: BTreeSet<String>,
}

/// Status, code, pointer, and the request that meets the problem: method, path and body.
const ADMINISTRATION: &str = r#"
404 key_not_found    -             DELETE /keys/$absent -
404 user_not_found   /user_id      POST /keys {"name": "k", "scope": "user", "user_id": "$absent"}
422 invalid_field    /scope        POST /keys {"name": "k", "scope": "root"}
422 invalid_field    /user_id      POST /keys {"name": "k", "scope": "user"}
422 invalid_field    /expires_at   POST /keys {"name": "k", "scope": "admin", "expires_at": "2020-01-01T00:00:00Z"}
404 webhook_not_found -            GET /webhooks/$absent -
404 webhook_not_found -            POST /webhooks/$absent/failures/1/retry {}
400 malformed_id     -             POST /webhooks/$absent/failures/0/retry {}
422 invalid_field    /url          POST /webhooks {"url": "http://hooks.example.org"}
422 invalid_field    /url          POST /webhooks {"url": "https://user:word@hooks.example.org"}
422 invalid_field    /types        POST /webhooks {"url": "https://hooks.example.org", "types": ["nothing"]}
422 invalid_field    /from         POST /webhooks/$absent/replay {"from": "yesterday"}
422 invalid_field    /name         POST /ledgers {"name": ""}
422 invalid_field    /reason       POST /ledgers {"name": "l", "reason": "$long"}
404 wallet_not_found -             POST /wallets/$absent/freeze {}
404 wallet_not_found -             PUT /wallets/$absent/limits {"transfer_max": null, "daily_max": null}
400 malformed_body   /daily_max    PUT /wallets/$absent/limits {"transfer_max": null}
422 invalid_field    /transfer_max PUT /wallets/$absent/limits {"transfer_max": -1, "daily_max": null}
"#;

/// Status, code, pointer, and what differs from a good transfer: the key, or a member and its
/// value.
const TRANSFERS: &str = r#"
400 idempotency_key_malformed -          " amount 1
422 idempotency_key_reused    -          used amount 2
404 wallet_not_found          /source_id - source_id $absent
404 wallet_not_found          /target_id - target_id $absent
422 same_wallet               /target_id - target_id $source
422 invalid_field             /amount    - amount 0
422 insufficient_funds        -          - amount 101
422 wallet_frozen             -          - target_id $frozen
422 currency_mismatch         -          - currency "EUR"
422 limit_exceeded            -          - source_id $limited
"#;

/// The same for a hold of 10 that is open, one that is closed, and a transfer of 10, of which half
/// was reversed.
const HOLDS: &str = r#"
404 hold_not_found    -           POST /holds/nope/captures {}
404 hold_not_found    -           GET /holds/nope -
404 hold_not_found    /legs/1     POST /groups {"legs": [$good, {"kind": "release", "hold_id": "nope"}]}
422 hold_closed       -           POST /holds/closed/captures {}
422 hold_exceeded     -           POST /holds/open/captures {"amount": 11}
422 hold_exceeded     /legs/0     POST /groups {"legs": [{"kind": "capture", "hold_id": "open", "amount": 11}, $good]}
404 wallet_not_found  /target_id  POST /holds/open/captures {"target_id": "$absent"}
422 not_reversible    -           POST /transfers/half/reversals {}
404 transfer_not_found -          POST /transfers/nope/reversals {}
422 reversal_exceeded -           POST /transfers/whole/reversals {"amount": 6}
422 condition_failed  -           POST /holds/open/release {"if": {"source_version": 0}}
422 insufficient_funds /legs/1    POST /groups {"legs": [$good, $dear]}
422 invalid_field     /legs       POST /groups {"legs": [$good]}
400 malformed_body    /legs/1     POST /groups {"legs": [$good, 7]}
400 malformed_body    /legs       POST /groups {"legs": {}}
422 invalid_field     /legs/1/kind POST /groups {"legs": [$good, {"kind": "expiry"}]}
400 malformed_body    /transfers/0/id POST /transfers/bulk {"transfers": [$good]}
400 unknown_field     /transfers/0/nick POST /transfers/bulk {"transfers": [{"id": "k", "kind": "release", "hold_id": "open", "nick": 1}]}
400 malformed_query   -           POST /holds/open/release?dry_run=1 {}
404 wallet_not_found  -           GET /wallets/$absent/holds -
404 wallet_not_found  -           GET /wallets/$absent?holds=true -
400 malformed_query   -           GET /wallets/$absent?holds=1 -
404 transfer_not_found -          GET /groups/nope -
"#;

/// The words of a row; a dash is none. The last one goes to the row's end.
fn words(row: &str) -> [&str; 6] {
    let mut rest = row;
    [0, 1, 2, 3, 4, 5].map(|place| {
        let (word, left) = rest.split_once(' ').unwrap_or((rest, ""));
        let (word, left) = if place == 5 { (rest, "") } else { (word, left) };
        rest = left.trim_start();
        if word == "-" { "" } else { word }
    })
}

impl Cases {
    pub fn new(http: &Http) -> Self {
        Self {
            http: http.clone(),
            seen: BTreeSet::new(),
        }
    }

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

    /// What would make users, wallets and transfers.
    pub async fn expect_of_bodies(&mut self) {
        let (absent, user) = (Uuid::new_v4(), self.http.user().await);
        let (source, target) = (self.http.wallet(1).await, self.http.wallet(0).await);
        let transfer = json!({"source_id": source, "target_id": target, "amount": 1});
        for (status, code, pointer, path, body) in [
            (400, "malformed_json", "", "/users", Value::Null),
            (400, "malformed_body", "", "/users", json!([])),
            (400, "malformed_body", "/name", "/users", json!({"name": 1})),
            (
                400,
                "unknown_field",
                "/nick",
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
            (400, "idempotency_key_missing", "", "/transfers", transfer),
        ] {
            let request = (Method::POST, path, "", body);
            self.expect((status, code, pointer), request).await;
        }
    }

    /// What would read.
    pub async fn expect_of_paths(&mut self) {
        let absent = Uuid::new_v4();
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
            (404, "route_not_found", "/problems/nope"),
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
            self.expect((status, code, ""), request).await;
        }
    }

    /// What administrators ask for.
    pub async fn expect_of_administration(&mut self) {
        let absent = Uuid::new_v4().to_string();
        for row in ADMINISTRATION.trim().lines() {
            let row = row.replace("$absent", &absent);
            let row = row.replace("$long", &"r".repeat(201));
            let [status, code, pointer, method, path, body] = words(&row);
            let body = serde_json::from_str(body).unwrap_or_default();
            let method = method.parse().expect("a method");
            let status = status.parse().expect("a status");
            self.expect((status, code, pointer), (method, path, "", body))
                .await;
        }
    }

    /// Transfers that differ from a good one in one member or in their key.
    pub async fn expect_of_transfers(&mut self, stack: &Stack) {
        let http = self.http.clone();
        let (source, target) = (http.wallet(100).await, http.wallet(0).await);
        let (absent, frozen) = (Uuid::new_v4(), http.wallet(0).await);
        stack.operate("wallet_freeze", frozen).await;
        let transfer = json!({"source_id": source, "target_id": target, "amount": 1});
        let limited = http.wallet(10).await;
        let path = format!("/wallets/{limited}/limits");
        let limits = json!({"transfer_max": 0, "daily_max": null});
        let headers = [("content-type", "application/json")];
        let set = http
            .send(Method::PUT, &path, &headers, limits.to_string())
            .await;
        assert_eq!(set.status, 200, "{set:?}");
        http.post_with_key("/transfers", "used", &transfer).await;
        for (i, row) in TRANSFERS.trim().lines().enumerate() {
            let [status, code, pointer, key, field, value] = words(row);
            let value = match value {
                "$absent" => json!(absent),
                "$source" => json!(source),
                "$frozen" => json!(frozen),
                "$limited" => json!(limited),
                value => serde_json::from_str(value).expect("a value"),
            };
            let mut body = transfer.clone();
            body[field] = value;
            let new = format!("new {i}");
            let key = if key.is_empty() { &new } else { key };
            let request = (Method::POST, "/transfers", key, body);
            let status = status.parse().expect("a status");
            self.expect((status, code, pointer), request).await;
        }
    }

    /// Holds, reversals and groups.
    pub async fn expect_of_holds(&mut self) {
        let http = self.http.clone();
        let (source, target) = (http.wallet(100).await, http.wallet(0).await);
        let good = json!({"source_id": source, "target_id": target, "amount": 10});
        let dear = json!({"source_id": source, "target_id": target, "amount": 1_000});
        for (path, key, body) in [
            ("/holds", "open", &good),
            ("/holds", "closed", &good),
            ("/holds/closed/release", "release", &json!({})),
            ("/transfers", "whole", &good),
            ("/transfers/whole/reversals", "half", &json!({"amount": 5})),
        ] {
            let made = http.post_with_key(path, key, body).await;
            assert_eq!(made.status, 201, "{path}: {made:?}");
        }
        let absent = Uuid::new_v4().to_string();
        for (place, row) in HOLDS.trim().lines().enumerate() {
            let row = row.replace("$absent", &absent);
            let row = row.replace("$good", &good.to_string());
            let row = row.replace("$dear", &dear.to_string());
            let [status, code, pointer, method, path, body] = words(&row);
            let body = serde_json::from_str(body).unwrap_or_default();
            let status = status.parse().expect("a status");
            let method: Method = method.parse().expect("a method");
            let key = match method {
                Method::GET => String::new(),
                _ => format!("hold {place}"),
            };
            self.expect((status, code, pointer), (method, path, &key, body))
                .await;
        }
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", "with a header"),
            ("if-match", "7"),
        ];
        for (path, body) in [("/transfers", &good), ("/holds", &good), ("/groups", &dear)] {
            let refused = http.post_bytes(path, &headers[1..], body.to_string()).await;
            assert_eq!(refused.problem(), (400, "malformed_header".to_owned()));
        }
        self.seen.insert("malformed_header".to_owned());
    }

    /// Methods that a path does not have.
    pub async fn expect_of_methods(&mut self) {
        for (method, path, allow) in [
            (Method::PUT, "/users", "POST"),
            (Method::GET, "/transfers", "POST"),
            (Method::POST, "/transfers/k", "GET, HEAD"),
            (Method::PUT, "/transfers/bulk", "GET, HEAD, POST"),
            (Method::GET, "/transfers/k/reversals", "POST"),
            (Method::GET, "/holds/k/release", "POST"),
            (Method::DELETE, "/wallets/7", "GET, HEAD"),
            (Method::OPTIONS, "/healthz", "GET, HEAD"),
        ] {
            let request = (method, path, "", Value::Null);
            let answer = self.expect((405, "method_not_allowed", ""), request).await;
            assert_eq!(answer.header("allow"), allow);
        }
    }
}

fn wallet_of(user_id: Uuid, currency: &str, initial_balance: i64) -> Value {
    json!({"user_id": user_id, "currency": currency, "initial_balance": initial_balance})
}
