//! Every route and every kind of caller: what each of them hears.

use std::collections::BTreeSet;

use hyper::Method;
use remit::http::route::Route;
use serde_json::{Value, json};
use strum::VariantNames;
use testbed::http::{Answer, Http};
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;
use crate::world::World;

/// Keys that open nothing, and what is wrong with them.
const INVALID: [&str; 5] = ["none", "malformed", "unknown", "expired", "revoked"];
/// Those with a valid key, in the order of the columns below. Ours is ledger 1 and one user in it.
const VALID: [&str; 6] = [
    "reader",
    "user",
    "another user",
    "service",
    "admin",
    "another ledger's admin",
];

/// What is that user's own.
pub const OF_USER: [u16; 6] = [200, 200, 404, 200, 200, 404];
/// What spends from that user's wallets.
pub const TO_TRANSFERS: [u16; 6] = [403, 201, 404, 201, 201, 404];

impl World {
    /// A request for each route, and what those with a valid key hear.
    async fn rows(&self) -> Vec<Row> {
        let frozen = self.stack.http.wallet(0).await;
        let spare = self.key_id().await;
        let mut rows = self.rows_of_books();
        rows.extend(self.rows_of_limits(frozen));
        rows.extend(self.rows_of_holds().await);
        rows.extend(self.rows_of_many());
        rows.extend(rows_of_keys(spare));
        rows.extend(rows_of_webhooks(&self.stack).await);
        rows.extend(rows_of_service());
        rows
    }

    fn rows_of_books(&self) -> Vec<Row> {
        let (user, wallet, transfer) = (self.user, self.wallet, &self.transfer);
        let of_service = |elsewhere| [403, 403, 403, 201, 201, elsewhere];
        let of_wallet = json!({"user_id": user, "currency": "USD"});
        let of_transfer = json!({"source_id": wallet, "target_id": self.other_wallet, "amount": 1});
        let of_user = json!({"name": "Ann"});
        vec![
            post("user_create", "/users", of_user, of_service(201)),
            get("user_get", format!("/users/{user}"), OF_USER),
            get("wallet_list", format!("/users/{user}/wallets"), OF_USER),
            post("wallet_create", "/wallets", of_wallet, of_service(404)),
            get("wallet_get", format!("/wallets/{wallet}"), OF_USER),
            get("wallet_get", format!("/wallet/{wallet}"), OF_USER),
            get("entry_list", format!("/wallets/{wallet}/entries"), OF_USER),
            post("transfer_create", "/transfers", of_transfer, TO_TRANSFERS),
            get("transfer_get", format!("/transfers/{transfer}"), OF_USER),
        ]
    }

    fn rows_of_limits(&self, frozen: Uuid) -> [Row; 4] {
        let change = |name, method, path: String, body| Row {
            name,
            method,
            path,
            body,
            expected: of_admin(200, 404),
        };
        let reason = json!({"reason": "a test"});
        let frozen = format!("/wallets/{frozen}");
        let limits = format!("/wallets/{}/limits", self.wallet);
        let max = json!({"transfer_max": 500, "daily_max": null});
        let (post, put) = (Method::POST, Method::PUT);
        [
            change(
                "wallet_freeze",
                post.clone(),
                frozen.clone() + "/freeze",
                reason,
            ),
            change("wallet_unfreeze", post, frozen + "/unfreeze", json!({})),
            get("wallet_limits_get", limits.clone(), OF_USER),
            change("wallet_limits_set", put, limits, max),
        ]
    }

    /// The id of a key that nobody needs.
    async fn key_id(&self) -> Uuid {
        let body = json!({"name": "spare", "scope": "reader"});
        self.stack.http.post("/keys", &body).await.id("id")
    }
}

pub struct Row {
    name: &'static str,
    method: Method,
    path: String,
    body: Value,
    expected: [u16; 6],
}

pub fn get(name: &'static str, path: impl Into<String>, expected: [u16; 6]) -> Row {
    Row {
        method: Method::GET,
        ..post(name, path, Value::Null, expected)
    }
}

pub fn post(name: &'static str, path: impl Into<String>, body: Value, expected: [u16; 6]) -> Row {
    Row {
        name,
        method: Method::POST,
        path: path.into(),
        body,
        expected,
    }
}

/// What administrators of this ledger and of another one hear.
fn of_admin(status: u16, elsewhere: u16) -> [u16; 6] {
    [403, 403, 403, 403, status, elsewhere]
}

fn rows_of_keys(spare: Uuid) -> [Row; 5] {
    let of_key = json!({"name": "k", "scope": "reader"});
    let of_ledger = json!({"name": "l"});
    let revoke = Row {
        method: Method::DELETE,
        ..get("key_revoke", format!("/keys/{spare}"), of_admin(204, 404))
    };
    [
        post("key_create", "/keys", of_key, of_admin(201, 201)),
        get("key_list", "/keys", of_admin(200, 200)),
        revoke,
        post("ledger_create", "/ledgers", of_ledger, of_admin(201, 201)),
        get("ledger_get", "/ledgers/1", [200, 200, 200, 200, 200, 404]),
    ]
}

/// Of a webhook that is deleted in the end.
async fn rows_of_webhooks(stack: &Stack) -> Vec<Row> {
    let hook = json!({"url": "https://hooks.example.org/"});
    let id = stack.http.post("/webhooks", &hook).await.id("id");
    let failure = "insert into remit.webhook_failures (ledger_id, webhook_id, position, event_id, type, subject_ids, attempts, is_aside)
                   values (1, $1::uuid, 7, $1::uuid, 'key.created', array[$1::uuid], 0, false)";
    let inserted = stack.owner().await.execute(failure, &[&id]).await;
    inserted.expect("a failure of the webhook");
    let path = format!("/webhooks/{id}");
    let of_hook = of_admin(200, 404);
    let post_to = |name, verb: &str, body| post(name, format!("{path}/{verb}"), body, of_hook);
    let change = |name, method, body, status| Row {
        method,
        ..post(name, path.clone(), body, of_admin(status, 404))
    };
    let from = json!({"from": "2030-01-01T00:00:00Z"});
    vec![
        post("webhook_create", "/webhooks", hook, of_admin(201, 201)),
        get("webhook_list", "/webhooks", of_admin(200, 200)),
        get("webhook_get", path.clone(), of_hook),
        change("webhook_update", Method::PATCH, json!({"types": null}), 200),
        post_to("webhook_rotate", "rotate", json!({})),
        post_to("webhook_ping", "ping", json!({})),
        post_to("webhook_enable", "enable", json!({})),
        get("webhook_failure_list", format!("{path}/failures"), of_hook),
        post_to("webhook_failure_retry", "failures/7/retry", json!({})),
        post_to("webhook_replay", "replay", from),
        change("webhook_delete", Method::DELETE, Value::Null, 204),
    ]
}

fn rows_of_service() -> [Row; 10] {
    let all = [200; 6];
    let of_log = [200, 403, 403, 200, 200, 200];
    let stream = Row {
        // It would not end.
        method: Method::HEAD,
        ..get("event_stream", "/events/stream", of_log)
    };
    [
        get("event_list", "/events", of_log),
        stream,
        get("root", "/", [302; 6]),
        get("metrics", "/metrics", of_log),
        get("healthz", "/healthz", all),
        get("readyz", "/readyz", all),
        get("openapi", "/openapi.json", all),
        get("asyncapi", "/asyncapi.json", all),
        get("docs", "/docs", all),
        get("docs", "/problems/forbidden", all),
    ]
}

impl Row {
    fn is_public(&self) -> bool {
        matches!(self.expected, [first, ..] if first < 400 && self.expected == [first; 6])
    }

    async fn send(&self, http: &Http) -> Answer {
        let key = Uuid::new_v4().to_string();
        let mut headers = vec![("content-type", "application/json")];
        let has_key = ["user_create", "wallet_create", "transfer_bulk"];
        if self.method == Method::POST && !has_key.contains(&self.name) {
            headers.push(("idempotency-key", &key));
        }
        let body = match &self.body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        http.send(self.method.clone(), &self.path, &headers, body)
            .await
    }
}

#[tokio::test]
async fn every_route_answers_every_caller_as_the_table_says() {
    let world = World::start().await;
    let rows = world.rows().await;
    let named: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    assert_eq!(named, route_names().iter().map(String::as_str).collect());
    for row in &rows {
        let route = Route::find(&row.method, &row.path).expect("a row is of a route");
        assert_eq!(route.name(), row.name);
        for (http, what) in world.invalid.iter().zip(INVALID) {
            let answer = row.send(http).await;
            let expected = if row.is_public() {
                row.expected[0]
            } else {
                401
            };
            assert_eq!(
                answer.status, expected,
                "{} by {what}: {answer:?}",
                row.name
            );
        }
        for ((http, who), expected) in world.valid.iter().zip(VALID).zip(row.expected) {
            let answer = row.send(http).await;
            assert_eq!(answer.status, expected, "{} by {who}: {answer:?}", row.name);
            if row.method == Method::HEAD {
                continue;
            }
            let code = match expected {
                403 => "forbidden".to_owned(),
                _ => answer.problem().1,
            };
            assert_eq!(answer.problem(), (expected, code), "{} by {who}", row.name);
        }
        if row.method == Method::GET {
            for (http, expected) in world.valid.iter().zip(row.expected) {
                let head = http.send(Method::HEAD, &row.path, &[], "").await;
                assert_eq!(
                    (head.status, head.body.len()),
                    (expected, 0),
                    "HEAD {}",
                    row.path
                );
            }
        }
    }
    world.stack.verify().await;
}

#[tokio::test]
async fn nobody_without_a_valid_key_learns_what_there_is() {
    let world = World::start().await;
    let (wallet, absent) = (world.wallet, Uuid::new_v4());
    let mut bodies = BTreeSet::new();
    for (method, path) in [
        (Method::GET, "/nothing".to_owned()),
        (Method::GET, format!("/wallets/{wallet}")),
        (Method::GET, format!("/wallets/{absent}")),
        (Method::GET, "/wallets/7".to_owned()),
        (Method::GET, "/docs/a/b".to_owned()),
        (Method::GET, "/metrics?x=1".to_owned()),
        (Method::PATCH, "/users".to_owned()),
        (Method::OPTIONS, "/keys".to_owned()),
        (Method::POST, "/users".to_owned()),
    ] {
        for (http, what) in world.invalid.iter().zip(INVALID) {
            let headers = [("x-request-id", "r-1")];
            let answer = http.send(method.clone(), &path, &headers, "").await;
            let said = "unauthenticated".to_owned();
            assert_eq!(answer.problem(), (401, said), "{method} {path} by {what}");
            let challenge = match what {
                "none" => r#"Bearer realm="remit""#,
                _ => r#"Bearer realm="remit", error="invalid_token""#,
            };
            assert_eq!(answer.header("www-authenticate"), challenge, "{what}");
            bodies.insert(answer.body);
        }
    }
    assert_eq!(bodies.len(), 1, "one body for all: {bodies:?}");
    let reader = &world.valid[0];
    assert_eq!(reader.get("/nothing").await.problem().1, "route_not_found");
    let refused = reader.post("/users", &json!({"name": "Ann"})).await;
    assert_eq!(refused.problem(), (403, "forbidden".to_owned()));
    let challenge = r#"Bearer realm="remit", error="insufficient_scope""#;
    assert_eq!(refused.header("www-authenticate"), challenge);
}

#[tokio::test]
async fn a_key_is_sent_in_one_header_and_one_form() {
    let stack = Stack::start().await;
    let none = stack.http.without_key();
    let key = testbed::postgres::ADMIN_KEY;
    for (value, status) in [
        (format!("Bearer {key}"), 200),
        (format!("bEARER {key}"), 200),
        (format!("Basic {key}"), 401),
        (key.to_owned(), 401),
        (format!("Bearer {}", key.to_uppercase()), 401),
        (format!("Bearer {key}x"), 401),
        (
            format!("Bearer {}", key.replace("remit_1_", "remit_2_")),
            401,
        ),
    ] {
        let headers = [("authorization", value.as_str())];
        let answer = none.send(Method::GET, "/ledgers/1", &headers, "").await;
        assert_eq!(answer.status, status, "{value}");
    }
    let good = format!("Bearer {key}");
    let twice = [
        ("authorization", good.as_str()),
        ("authorization", good.as_str()),
    ];
    let answer = none.send(Method::GET, "/ledgers/1", &twice, "").await;
    assert_eq!(answer.status, 401);
}

/// The names of all routes.
pub fn route_names() -> BTreeSet<String> {
    let names = Route::VARIANTS.iter().map(|name| (*name).to_owned());
    names.collect()
}
