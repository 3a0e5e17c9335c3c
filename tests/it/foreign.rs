//! What belongs to another ledger or user is as if it were not there.

use std::collections::BTreeMap;

use hyper::Method;
use serde_json::{Value, json};
use testbed::http::Answer;
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

#[tokio::test]
async fn what_is_foreign_is_as_if_it_were_not_there() {
    let world = World::start().await;
    let (other_user, other_ledger) = (&world.valid[2], &world.valid[5]);
    let key = world
        .stack
        .http
        .post("/keys", &json!({"name": "k", "scope": "reader"}))
        .await;
    let wallet = world.wallet.to_string();
    // It is cached, which must not show.
    assert_eq!(
        world
            .stack
            .http
            .get(&format!("/wallets/{wallet}"))
            .await
            .header("x-cache"),
        "HIT"
    );
    let user_own = other_user.get("/keys").await.status;
    assert_eq!(user_own, 403);
    let transfer =
        |id: &str| json!({"source_id": id, "target_id": world.other_wallet, "amount": 1});
    for (http, method, path, foreign, body) in [
        (
            other_user,
            Method::GET,
            "/users/$id",
            world.user.to_string(),
            Value::Null,
        ),
        (
            other_user,
            Method::GET,
            "/users/$id/wallets",
            world.user.to_string(),
            Value::Null,
        ),
        (
            other_user,
            Method::GET,
            "/wallets/$id",
            wallet.clone(),
            Value::Null,
        ),
        (
            other_user,
            Method::GET,
            "/wallet/$id",
            wallet.clone(),
            Value::Null,
        ),
        (
            other_user,
            Method::GET,
            "/wallets/$id/entries",
            wallet.clone(),
            Value::Null,
        ),
        (
            other_user,
            Method::GET,
            "/wallets/$id/limits",
            wallet.clone(),
            Value::Null,
        ),
        (
            other_user,
            Method::GET,
            "/transfers/$id",
            world.transfer.clone(),
            Value::Null,
        ),
        (
            other_user,
            Method::POST,
            "/transfers",
            wallet.clone(),
            transfer("$id"),
        ),
        (
            other_ledger,
            Method::GET,
            "/users/$id",
            world.user.to_string(),
            Value::Null,
        ),
        (
            other_ledger,
            Method::GET,
            "/users/$id/wallets",
            world.user.to_string(),
            Value::Null,
        ),
        (
            other_ledger,
            Method::GET,
            "/wallets/$id",
            wallet.clone(),
            Value::Null,
        ),
        (
            other_ledger,
            Method::GET,
            "/wallets/$id/entries",
            wallet.clone(),
            Value::Null,
        ),
        (
            other_ledger,
            Method::GET,
            "/wallets/$id/limits",
            wallet.clone(),
            Value::Null,
        ),
        (
            other_ledger,
            Method::PUT,
            "/wallets/$id/limits",
            wallet.clone(),
            json!({"transfer_max": null, "daily_max": null}),
        ),
        (
            other_ledger,
            Method::POST,
            "/wallets/$id/freeze",
            wallet.clone(),
            json!({}),
        ),
        (
            other_ledger,
            Method::POST,
            "/wallets/$id/unfreeze",
            wallet.clone(),
            json!({}),
        ),
        (
            other_ledger,
            Method::GET,
            "/transfers/$id",
            world.transfer.clone(),
            Value::Null,
        ),
        (
            other_ledger,
            Method::POST,
            "/transfers",
            wallet.clone(),
            transfer("$id"),
        ),
        (
            other_ledger,
            Method::POST,
            "/wallets",
            world.user.to_string(),
            json!({"user_id": "$id", "currency": "USD"}),
        ),
        (
            other_ledger,
            Method::POST,
            "/keys",
            world.user.to_string(),
            json!({"name": "k", "scope": "user", "user_id": "$id"}),
        ),
        (
            other_ledger,
            Method::DELETE,
            "/keys/$id",
            key.id("id").to_string(),
            Value::Null,
        ),
        (
            other_ledger,
            Method::GET,
            "/ledgers/$id",
            "1".to_owned(),
            Value::Null,
        ),
    ] {
        let absent = match path {
            "/ledgers/$id" => "77".to_owned(),
            _ => Uuid::new_v4().to_string(),
        };
        let mut answers = Vec::new();
        for id in [&foreign, &absent] {
            let key = Uuid::new_v4().to_string();
            let headers = [
                ("content-type", "application/json"),
                ("idempotency-key", key.as_str()),
            ];
            let body = if body.is_null() {
                String::new()
            } else {
                body.to_string()
            };
            let (path, body) = (path.replace("$id", id), body.replace("$id", id));
            answers.push(http.send(method.clone(), &path, &headers, body).await);
        }
        assert_eq!(answers[0].status, 404, "{method} {path}: {answers:?}");
        assert_eq!(
            comparable(&answers[0]),
            comparable(&answers[1]),
            "{method} {path}"
        );
    }
}
