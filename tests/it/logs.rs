//! The server's log: one request can be followed, and nothing private is in it.

use hyper::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testbed::http::Http;
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
    for query in [
        "select count(*) from remit.transfers where request_id = $1",
        "select count(*) from remit_worker_v1.outbox_append(100) e where e.request_id = $1",
    ] {
        let row = owner.query_one(query, &[&request_id]).await;
        assert_eq!(row.expect("it counts").get::<_, i64>(0), 1, "{query}");
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

/// What no line of the log may hold.
const SECRETS: [&str; 10] = [
    "planted",
    "918273645",
    "564738291",
    "564738292",
    "918273999",
    "353535354",
    "353535353",
    "remit_1_",
    "remit_2_",
    "5ec4e75ec4e7",
];
/// Bodies that server or PostgreSQL refuse, each in its own way.
const REFUSED: [&str; 5] = [
    "planted",
    r#"{"planted": 1}"#,
    r#"{"name": "planted\u0000"}"#,
    r#"{"name": "planted", "name": "planted"}"#,
    r#"{"source_id": "planted", "target_id": "planted", "amount": 918273645918273645918273645}"#,
];

/// Makes a user and his two wallets, the first of which has money.
async fn plant_wallets(http: &Http) -> (Uuid, [Uuid; 2]) {
    let metadata = json!({"planted": "planted-metadata"});
    let body = json!({"name": "planted-name", "email": "planted@example.com", "reference": "planted-reference", "metadata": metadata});
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
    (user_id, [wallet.id("id"), http.wallet(0).await])
}

/// API keys that are made, used, revoked and sent once more, and one that there is not.
async fn plant_api_keys(http: &Http) -> [String; 3] {
    let body = json!({"name": "planted-key-name", "scope": "service", "reason": "planted-reason"});
    let made = http.post("/keys", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let body = json!({"name": "planted-ledger"});
    let ledger = http.post("/ledgers", &body).await;
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
    let unknown = format!("remit_1_{}", &"5ec4e7".repeat(11)[..64]);
    http.with_key(&unknown).get("/keys").await;
    let [one, two] = api_keys;
    [one, two, unknown]
}

/// Transfers that are posted, replayed and refused, and reads of them.
async fn plant_transfers(http: &Http, key: &str, user_id: Uuid, [source, target]: [Uuid; 2]) {
    for (key, amount) in [
        ("planted-key", 564_738_291),
        ("planted-key", 564_738_291),
        ("planted-key", 564_738_292),
        ("planted-refused", 918_273_999),
        (key, 1),
    ] {
        let metadata = json!({"planted": "planted-metadata"});
        let body = json!({"source_id": source, "target_id": target, "amount": amount, "reference": "planted-reference", "metadata": metadata});
        http.post_with_key("/transfers", key, &body).await;
        http.get(&format!("/transfers/{key}")).await;
    }
    http.balance(source).await;
    http.get(&format!("/wallets/{source}/entries")).await;
    let query = "limit=918273645&cursor=planted";
    http.get(&format!("/users/{user_id}/wallets?{query}")).await;
}

/// Requests that are refused, whole and broken ones.
async fn plant_refusals(http: &Http, port: u16) {
    let headers = [
        ("idempotency-key", "planted-key-2"),
        ("planted-header", "planted"),
    ];
    for body in REFUSED {
        for path in ["/users", "/wallets", "/transfers", "/planted"] {
            http.post_bytes(path, &headers, body).await;
        }
    }
    let body = json!({"name": "planted".repeat(100)});
    assert_eq!(http.post("/users", &body).await.status, 422);
    let no_http = b"POST /planted HTTP/9 planted\r\nplanted\r\n\r\n";
    raw::send_and_end(port, no_http).await;
    let broken = raw::post_head("/users", "Content-Length: 99\r\n") + "{\"planted";
    raw::send_and_end(port, broken.as_bytes()).await;
}

/// An API key's digest as PostgreSQL may print it.
fn digest(api_key: &str) -> String {
    let digest = Sha256::digest(api_key.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn no_key_name_or_amount_is_in_the_log() {
    let stack = Stack::start().await;
    let (http, key) = (&stack.http, Uuid::new_v4().to_string());
    let (user_id, wallets) = plant_wallets(http).await;
    let api_keys = plant_api_keys(http).await;
    plant_transfers(http, &key, user_id, wallets).await;
    plant_refusals(http, stack.server.port).await;

    let last = http.get("/healthz").await;
    let lines = stack.log_lines(last.header("x-request-id")).await;
    assert!(lines.len() >= 30, "debug is on: {} lines", lines.len());
    let api_keys = api_keys.into_iter().chain([ADMIN_KEY.to_owned()]);
    let mut secrets: Vec<String> = SECRETS.map(str::to_owned).to_vec();
    secrets.push(key);
    for api_key in api_keys {
        secrets.push(digest(&api_key));
        secrets.push(api_key["remit_1_".len()..].to_owned());
    }
    for line in lines {
        let text = line.to_string();
        for secret in &secrets {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
