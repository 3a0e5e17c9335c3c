//! What belongs to another ledger or user is as if it were not there.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testbed::http::{Answer, Http};
use uuid::Uuid;

use crate::world::World;

/// A problem without what differs from request to request.
fn comparable(answer: &Answer) -> (u16, BTreeMap<String, String>, Value) {
    let mut body = answer.json();
    body.as_object_mut()
        .expect("a problem")
        .remove("request_id");
    let headers = answer
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "x-request-id" | "date"))
        .map(|(name, value)| (name.to_string(), format!("{value:?}")));
    (answer.status, headers.collect(), body)
}

/// What another user of the ledger asks for: a method, a path, and a body if there is one.
const BY_ANOTHER_USER: [&str; 8] = [
    "GET /users/$user",
    "GET /users/$user/wallets",
    "GET /wallets/$wallet",
    "GET /wallet/$wallet",
    "GET /wallets/$wallet/entries",
    "GET /wallets/$wallet/limits",
    "GET /transfers/$transfer",
    r#"POST /transfers {"source_id": "$wallet", "target_id": "$target", "amount": 1}"#,
];
/// What the admin of another ledger asks for.
const BY_ANOTHER_LEDGER: [&str; 14] = [
    "GET /users/$user",
    "GET /users/$user/wallets",
    "GET /wallets/$wallet",
    "GET /wallets/$wallet/entries",
    "GET /wallets/$wallet/limits",
    r#"PUT /wallets/$wallet/limits {"transfer_max": null, "daily_max": null}"#,
    "POST /wallets/$wallet/freeze {}",
    "POST /wallets/$wallet/unfreeze {}",
    "GET /transfers/$transfer",
    r#"POST /transfers {"source_id": "$wallet", "target_id": "$target", "amount": 1}"#,
    r#"POST /wallets {"user_id": "$user", "currency": "USD"}"#,
    r#"POST /keys {"name": "k", "scope": "user", "user_id": "$user"}"#,
    "DELETE /keys/$key",
    "GET /ledgers/$ledger",
];

/// Sends a request of the lists, with these ids in the places of their names.
async fn send(http: &Http, request: &str, ids: &[(&str, String)]) -> Answer {
    let mut request = request.to_owned();
    for (name, id) in ids {
        request = request.replace(name, id);
    }
    let mut parts = request.splitn(3, ' ');
    let method = parts.next().and_then(|method| method.parse().ok());
    let path = parts.next().expect("a request has a path");
    let body = parts.next().unwrap_or_default().to_owned();
    let key = Uuid::new_v4().to_string();
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", key.as_str()),
    ];
    let method = method.expect("a request has a method");
    http.send(method, path, &headers, body).await
}

#[tokio::test]
async fn what_is_foreign_is_as_if_it_were_not_there() {
    let world = World::start().await;
    let (other_user, other_ledger) = (&world.valid[2], &world.valid[5]);
    let (http, wallet) = (&world.stack.http, world.wallet.to_string());
    let body = json!({"name": "k", "scope": "reader"});
    let key = http.post("/keys", &body).await.id("id");
    // It is cached, which must not show.
    let cached = http.get(&format!("/wallets/{wallet}")).await;
    assert_eq!(cached.header("x-cache"), "HIT");
    assert_eq!(other_user.get("/keys").await.status, 403);
    let foreign = [
        ("$user", world.user.to_string()),
        ("$wallet", wallet),
        ("$transfer", world.transfer.clone()),
        ("$key", key.to_string()),
        ("$ledger", "1".to_owned()),
        ("$target", world.other_wallet.to_string()),
    ];
    let mut absent = foreign.clone();
    for (name, id) in &mut absent {
        match *name {
            "$target" => {}
            "$ledger" => *id = "77".to_owned(),
            _ => *id = Uuid::new_v4().to_string(),
        }
    }
    let by_user = BY_ANOTHER_USER.map(|request| (other_user, request));
    let by_ledger = BY_ANOTHER_LEDGER.map(|request| (other_ledger, request));
    for (http, request) in by_user.into_iter().chain(by_ledger) {
        let answer = send(http, request, &foreign).await;
        assert_eq!(answer.status, 404, "{request}: {answer:?}");
        let other = send(http, request, &absent).await;
        assert_eq!(comparable(&answer), comparable(&other), "{request}");
    }
}
