//! Holds over HTTP: what is reserved, captured, changed, released, and what ends by itself.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};
use testbed::http::{Answer, Http};
use tokio::time::sleep;
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

async fn hold(http: &Http, key: &str, body: Value) -> Answer {
    http.post_with_key("/holds", key, &body).await
}

async fn wallet(http: &Http, id: Uuid) -> (Value, Value, Value) {
    let wallet = http.get(&format!("/wallets/{id}")).await.json();
    (
        wallet["balance"].clone(),
        wallet["held"].clone(),
        wallet["available"].clone(),
    )
}

#[tokio::test]
async fn a_hold_is_captured_twice_and_the_rest_is_available_again() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (source, target) = (http.wallet(1_000).await, http.wallet(0).await);
    let body =
        json!({"source_id": source, "target_id": target, "amount": 300, "reference": "room"});
    let opened = hold(http, "h", body.clone()).await;
    assert_eq!(opened.status, 201, "{opened:?}");
    let told = opened.json();
    let id = opened.id("id");
    assert_eq!(opened.header("location"), format!("/holds/{id}"));
    assert_eq!(
        [
            &told["status"],
            &told["captured"],
            &told["remaining"],
            &told["source_held"]
        ],
        [&json!("open"), &json!(0), &json!(300), &json!(300)]
    );
    assert_eq!(
        wallet(http, source).await,
        (json!(1_000), json!(300), json!(700))
    );
    assert_eq!(
        http.transfer(source, target, 701).await.problem(),
        (422, "insufficient_funds".to_owned())
    );

    let captures = "/holds/h/captures";
    let part = http
        .post_with_key(captures, "c1", &json!({"amount": 100, "final": false}))
        .await;
    assert_eq!(part.status, 201, "{part:?}");
    assert_eq!(
        [
            &part.json()["kind"],
            &part.json()["hold_id"],
            &part.json()["hold_remaining"]
        ],
        [&json!("capture"), &json!(id), &json!(200)]
    );
    assert_eq!(
        http.post_with_key(captures, "c2", &json!({"amount": 201}))
            .await
            .problem(),
        (422, "hold_exceeded".to_owned())
    );
    let rest = http
        .post_with_key(captures, "c3", &json!({"amount": 150}))
        .await;
    assert_eq!(rest.json()["hold_remaining"], 0);
    assert_eq!(
        wallet(http, source).await,
        (json!(750), json!(0), json!(750))
    );
    assert_eq!(http.balance(target).await, 250);

    let now = http.get("/holds/h").await.json();
    assert_eq!(
        (&now["status"], &now["captured"]),
        (&json!("captured"), &json!(250))
    );
    let again = hold(http, "h", body).await;
    assert_eq!(
        (&again.body, again.header("idempotency-replayed")),
        (&opened.body, "true")
    );
    let late = http.post_with_key(captures, "c4", &json!({})).await;
    assert_eq!(late.problem(), (422, "hold_closed".to_owned()));
    stack.verify().await;
}

#[tokio::test]
async fn a_hold_ends_by_itself_in_every_read() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (source, target) = (http.wallet(100).await, http.wallet(0).await);
    let body = json!({"source_id": source, "amount": 100, "expires_in": 1});
    assert_eq!(hold(http, "h", body.clone()).await.status, 201);
    // It is in the cache now.
    assert_eq!(
        wallet(http, source).await,
        (json!(100), json!(100), json!(0))
    );
    assert_eq!(http.transfer(source, target, 1).await.status, 422);

    sleep(Duration::from_millis(1_100)).await;
    assert_eq!(
        wallet(http, source).await,
        (json!(100), json!(0), json!(100))
    );
    assert_eq!(http.get("/holds/h").await.json()["status"], "expired");
    let late = http
        .post_with_key("/holds/h/captures", "c", &json!({"target_id": target}))
        .await;
    assert_eq!(late.problem(), (422, "hold_closed".to_owned()));
    assert_eq!(http.transfer(source, target, 100).await.status, 201);
    let again = hold(http, "h", body).await;
    assert_eq!(
        (again.status, &again.json()["status"]),
        (201, &json!("open"))
    );
    stack.verify().await;
}

#[tokio::test]
async fn a_hold_is_changed_to_a_new_total_and_released() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let source = http.wallet(100).await;
    let target = http.wallet(0).await;
    let body = json!({"source_id": source, "target_id": target, "amount": 40});
    assert_eq!(hold(http, "h", body).await.status, 201);
    let change =
        async |key: &str, body: Value| http.post_with_key("/holds/h/adjustments", key, &body).await;
    assert_eq!(change("a1", json!({"amount": 90})).await.status, 201);
    assert_eq!(
        change("a2", json!({"amount": 101})).await.problem(),
        (422, "insufficient_funds".to_owned())
    );
    let moved = change("a3", json!({"expires_in": 3_600})).await;
    assert_eq!(
        (moved.status, &moved.json()["hold_amount"]),
        (201, &json!(90))
    );
    assert_eq!(
        change("a4", json!({})).await.problem(),
        (422, "invalid_field".to_owned())
    );
    assert_eq!(
        wallet(http, source).await,
        (json!(100), json!(90), json!(10))
    );

    let released = http
        .post_with_key("/holds/h/release", "r", &json!({}))
        .await;
    assert_eq!(
        (released.status, &released.json()["amount"]),
        (201, &json!(90))
    );
    assert_eq!(http.get("/holds/h").await.json()["status"], "released");
    assert_eq!(
        wallet(http, source).await,
        (json!(100), json!(0), json!(100))
    );
    stack.verify().await;
}

#[tokio::test]
async fn the_holds_of_a_wallet_are_listed_newest_first() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let source = http.wallet(100).await;
    for key in ["h1", "h2", "h3"] {
        let body = json!({"source_id": source, "amount": 10, "reference": key});
        assert_eq!(hold(http, key, body).await.status, 201);
    }
    assert_eq!(
        http.post_with_key("/holds/h2/release", "r", &json!({}))
            .await
            .status,
        201
    );
    let list = async |query: &str| {
        let page = http
            .get(&format!("/wallets/{source}/holds{query}"))
            .await
            .json();
        let holds = page["holds"].as_array().cloned().expect("a list");
        let references: Vec<Value> = holds.iter().map(|hold| hold["reference"].clone()).collect();
        (references, page["next_cursor"].clone())
    };
    assert_eq!(
        list("").await,
        (vec![json!("h3"), json!("h2"), json!("h1")], json!(null))
    );
    assert_eq!(list("?status=closed").await.0, [json!("h2")]);
    let (first, cursor) = list("?status=open&limit=1").await;
    assert_eq!(first, [json!("h3")]);
    let cursor = cursor.as_str().expect("there is more");
    assert_eq!(
        list(&format!("?status=open&cursor={cursor}")).await.0,
        [json!("h1")]
    );
    for query in ["?status=x", "?status=open&status=open", "?state=open"] {
        let answer = http.get(&format!("/wallets/{source}/holds{query}")).await;
        assert_eq!(
            answer.problem(),
            (400, "malformed_query".to_owned()),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_bad_hold_is_refused_and_writes_nothing() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let source = http.wallet(100).await;
    let good = json!({"source_id": source, "amount": 10});
    for (member, value, pointer) in [
        ("amount", json!(0), "/amount"),
        ("expires_in", json!(0), "/expires_in"),
        ("expires_in", json!(315_360_001), "/expires_in"),
        ("expires_at", json!("2020-01-01T00:00:00Z"), "/expires_at"),
        ("at_most", json!(true), "/at_most"),
        (
            "if",
            json!({"target_balance_max": 5}),
            "/if/target_balance_max",
        ),
        ("if", json!({"version": 5}), "/if/version"),
        ("target_id", json!("x"), "/target_id"),
    ] {
        let mut body = good.clone();
        body[member] = value;
        let refused = hold(http, "h", body).await;
        assert!(
            [400, 422].contains(&refused.status),
            "{member}: {refused:?}"
        );
        assert_eq!(refused.json()["pointer"], pointer, "{member}");
    }
    assert_eq!(
        http.get("/holds/h").await.problem(),
        (404, "hold_not_found".to_owned())
    );
    let missing = http
        .post_with_key("/holds/nope/captures", "c", &json!({}))
        .await;
    assert_eq!(missing.problem(), (404, "hold_not_found".to_owned()));
    assert_eq!(stack.count("holds").await, 0);
}

#[tokio::test]
async fn a_wallet_is_read_with_its_open_holds_as_of_one_moment() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let source = http.wallet(100).await;
    for (key, amount) in [("h1", 10), ("h2", 20), ("h3", 30)] {
        let body = json!({"source_id": source, "amount": amount, "reference": key});
        assert_eq!(hold(http, key, body).await.status, 201);
    }
    let nothing = json!({});
    let released = http.post_with_key("/holds/h2/release", "r", &nothing).await;
    assert_eq!(released.status, 201);
    let plain = http.get(&format!("/wallets/{source}")).await;
    let path = format!("/wallets/{source}?holds=true&min_version=5");
    let read = http.get(&path).await;
    assert_eq!((read.status, read.header("x-cache")), (200, "BYPASS"));
    assert_eq!(read.header("etag"), plain.header("etag"));
    let mut wallet = read.json();
    let holds = wallet
        .as_object_mut()
        .and_then(|wallet| wallet.remove("holds"));
    assert_eq!(wallet, plain.json(), "the wallet is the same");
    let holds = holds.expect("it has holds");
    assert_eq!(holds.as_array().map(Vec::len), Some(2));
    assert_eq!(
        [&holds[0], &holds[1]],
        [
            &http.get("/holds/h3").await.json(),
            &http.get("/holds/h1").await.json()
        ]
    );

    // While a client changes it, no read sees a sum that is not that of its holds.
    let client = tokio::spawn({
        let http = http.clone();
        async move {
            for n in 0..50 {
                let body = json!({"source_id": source, "amount": 1});
                assert_eq!(hold(&http, &format!("n{n}"), body).await.status, 201);
                let path = format!("/holds/n{}/release", n / 2);
                http.post_with_key(&path, &format!("r{n}"), &json!({}))
                    .await;
            }
        }
    });
    while !client.is_finished() {
        let wallet = http.get(&path).await.json();
        let holds = wallet["holds"].as_array().expect("a list").iter();
        let sum: i64 = holds.filter_map(|hold| hold["remaining"].as_i64()).sum();
        assert_eq!(wallet["held"], sum);
    }
    client.await.expect("no panic");
}

#[tokio::test]
async fn a_copy_of_a_wallet_is_not_current_once_a_hold_has_expired() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let source = http.wallet(100).await;
    let body = json!({"source_id": source, "amount": 10, "expires_in": 1});
    assert_eq!(hold(http, "h", body).await.status, 201);
    let path = format!("/wallets/{source}");
    let etag = http.get(&path).await.header("etag").to_owned();
    let headers = [("if-none-match", etag.as_str())];
    let again = async |path: &str| http.send(Method::GET, path, &headers, "").await;
    assert_eq!(again(&path).await.status, 304);
    sleep(Duration::from_millis(1_100)).await;
    let read = again(&path).await;
    assert_eq!((read.status, &read.json()["held"]), (200, &json!(0)));

    // Nobody has written the expiry yet. Who has read the wallet without it knows all there is.
    let target = http.wallet(0).await;
    let body = json!({"source_id": source, "target_id": target, "amount": 10}).to_string();
    let post = async |key: &str| {
        let headers = [("if-match", read.header("etag")), ("idempotency-key", key)];
        let answer = http.post_bytes("/transfers", &headers, body.clone());
        answer.await.status
    };
    assert_eq!((post("a").await, post("b").await), (201, 422));
    stack.verify().await;
}
