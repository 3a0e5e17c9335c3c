//! The server's log: one request can be followed, and nothing private is in it.

use hyper::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testbed::postgres::ADMIN_KEY;
use uuid::Uuid;

use crate::problems::Told;
use crate::raw;
use crate::stack::Stack;

#[tokio::test]
async fn a_request_is_followed_by_its_id() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let request_id = "follow.me_1-x";
    let body = json!({"source_id": source, "target_id": target, "amount": 1}).to_string();
    let headers = [("idempotency-key", "k"), ("x-request-id", request_id)];
    let posted = stack.http.post_bytes("/transfers", &headers, body).await;
    assert_eq!(
        (posted.status, posted.header("x-request-id")),
        (201, request_id)
    );

    let lines = stack.log_lines(request_id).await;
    let of_request: Vec<_> = lines
        .iter()
        .filter(|line| line["request_id"] == request_id)
        .collect();
    assert_eq!(of_request.len(), 1, "{of_request:?}");
    assert_eq!(of_request[0]["route"], "transfer_create");
    assert_eq!(of_request[0]["status"], 201);
    assert_eq!(of_request[0]["level"], "INFO");
    assert!(of_request[0]["us"].is_number() && of_request[0]["timestamp"].is_string());

    let owner = stack.owner().await;
    for table in ["transfers", "outbox"] {
        let query = format!("select count(*) from remit.{table} where request_id = $1");
        let row = owner.query_one(&query, &[&request_id]).await;
        assert_eq!(
            row.expect("the table is there").get::<_, i64>(0),
            1,
            "{table}"
        );
    }
}

#[tokio::test]
async fn a_problem_is_logged_with_its_code_under_the_id_that_the_client_was_given() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let refused = stack.http.transfer(source, target, 0).await;
    let held = stack.hold(source).await;
    let busy = stack.http.transfer(source, target, 1).await;
    held.release().await;
    let lines = stack.log_lines(busy.header("x-request-id")).await;
    for (answer, code, level) in [
        (refused, "invalid_field", "DEBUG"),
        (busy, "wallet_busy", "ERROR"),
    ] {
        assert_eq!(answer.problem().1, code);
        let id = answer.json()["request_id"].clone();
        let line = lines
            .iter()
            .find(|line| line["request_id"] == id)
            .expect("a line");
        assert_eq!(
            (&line["code"], &line["level"]),
            (&json!(code), &json!(level))
        );
    }
}

#[tokio::test]
async fn no_key_name_or_amount_is_in_the_log() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let labels = json!({"planted": "planted-metadata"});
    let body = json!({"name": "planted-name", "email": "planted@example.com", "reference": "planted-reference", "metadata": labels});
    let user = http
        .post_with_key("/users", "planted-user-key", &body)
        .await;
    assert_eq!(user.status, 201, "{user:?}");
    let user_id = user.id("id");
    let body = json!({"user_id": user_id, "currency": "USD", "initial_balance": 918_273_645, "reference": "planted-reference"});
    let wallet = http
        .post_with_key("/wallets", "planted-wallet-key", &body)
        .await;
    assert_eq!(wallet.status, 201, "{wallet:?}");
    let (source, target) = (wallet.id("id"), http.wallet(0).await);
    // API keys that are made, used, revoked, sent once more, and no keys at all.
    let body = json!({"name": "planted-key-name", "scope": "service", "reason": "planted-reason"});
    let made = http.post("/keys", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let ledger = http
        .post("/ledgers", &json!({"name": "planted-ledger"}))
        .await;
    let text = |value: &Value| value.as_str().expect("a key is text").to_owned();
    let api_keys = [
        text(&made.json()["key"]),
        text(&ledger.json()["key"]["key"]),
    ];
    for api_key in &api_keys {
        let other = http.with_key(api_key);
        other.post("/users", &json!({"name": "planted-name"})).await;
        other.get("/keys").await;
    }
    let path = format!("/keys/{}", made.id("id"));
    http.send(Method::DELETE, &path, &[], "").await;
    http.with_key(&api_keys[0]).get("/keys").await;
    http.with_key("remit_1_planted").get("/keys").await;
    let unknown = format!("remit_1_{}", "5ec4e7".repeat(11)[..64].to_owned());
    http.with_key(&unknown).get("/keys").await;
    let digests = [&api_keys[0], &api_keys[1], &unknown, &ADMIN_KEY.to_owned()].map(|key| {
        Sha256::digest(key.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    });
    let key = Uuid::new_v4();
    for (key, amount) in [
        ("planted-key", 564_738_291),
        ("planted-key", 564_738_291),
        ("planted-key", 564_738_292),
        ("planted-refused", 918_273_999),
        (&key.to_string(), 1),
    ] {
        let body = json!({"source_id": source, "target_id": target, "amount": amount, "reference": "planted-reference", "metadata": labels});
        http.post_with_key("/transfers", key, &body).await;
        http.get(&format!("/transfers/{key}")).await;
    }
    http.balance(source).await;
    http.get(&format!("/wallets/{source}/entries")).await;
    http.get(&format!(
        "/users/{user_id}/wallets?limit=918273645&cursor=planted"
    ))
    .await;
    // What the server or PostgreSQL refuses, each in its own way.
    for body in [
        "planted",
        "{\"planted\": 1}",
        "{\"name\": \"planted\\u0000\"}",
        "{\"name\": \"planted\", \"name\": \"planted\"}",
        "{\"source_id\": \"planted\", \"target_id\": \"planted\", \"amount\": 918273645918273645918273645}",
    ] {
        for path in ["/users", "/wallets", "/transfers", "/planted"] {
            let headers = [
                ("idempotency-key", "planted-key-2"),
                ("planted-header", "planted"),
            ];
            http.post_bytes(path, &headers, body).await;
        }
    }
    let body = json!({"name": "planted".repeat(100)});
    assert_eq!(http.post("/users", &body).await.status, 422);
    raw::send_and_end(
        stack.server.port,
        b"POST /planted HTTP/9 planted\r\nplanted\r\n\r\n",
    )
    .await;
    let broken = raw::post_head("/users", "Content-Length: 99\r\n") + "{\"planted";
    raw::send_and_end(stack.server.port, broken.as_bytes()).await;

    let last = http.get("/healthz").await;
    let lines = stack.log_lines(last.header("x-request-id")).await;
    assert!(lines.len() >= 30, "debug is on: {} lines", lines.len());
    let key = key.to_string();
    let secrets = [
        "planted",
        "918273645",
        "564738291",
        "564738292",
        "918273999",
        "353535354",
        "353535353",
        key.as_str(),
        "remit_1_",
        "remit_2_",
        "5ec4e75ec4e7",
    ];
    let secrets = [&secrets[..], &digests.each_ref().map(String::as_str)].concat();
    let api_secrets = api_keys.each_ref().map(|key| &key["remit_1_".len()..]);
    let secrets = [
        &secrets[..],
        &api_secrets,
        &[&ADMIN_KEY["remit_1_".len()..]],
    ]
    .concat();
    for line in lines {
        let text = line.to_string();
        for secret in &secrets {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
