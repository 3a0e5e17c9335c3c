//! Idempotency keys: what a key is, what a retry hears, and what another request with the key
//! hears.

use serde_json::{Value, json};
use testbed::http::Http;
use uuid::Uuid;

use crate::gate::Gate;
use crate::problems::Told;
use crate::raw;
use crate::stack::Stack;

/// How often the server answered from its own memory of the key, by who remembered.
async fn replays(http: &Http, source: &str) -> f64 {
    let name = format!("remit_idempotent_replays_total{{source=\"{source}\"}}");
    http.metric(&name).await
}

#[tokio::test]
async fn a_transfer_without_a_good_key_is_refused_and_nothing_is_written() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let before = (stack.count("transfers").await, stack.journal_events().await);
    let body = transfer(source, target, 1).to_string();
    let long = "k".repeat(256);
    let twice = "Idempotency-Key: a\r\nIdempotency-Key: a\r\n";
    for (code, headers) in [
        ("idempotency_key_missing", String::new()),
        (
            "idempotency_key_malformed",
            "Idempotency-Key:\r\n".to_owned(),
        ),
        (
            "idempotency_key_malformed",
            "Idempotency-Key: \"\"\r\n".to_owned(),
        ),
        (
            "idempotency_key_malformed",
            "Idempotency-Key: \"a\r\n".to_owned(),
        ),
        (
            "idempotency_key_malformed",
            "Idempotency-Key: \"a\" b\r\n".to_owned(),
        ),
        (
            "idempotency_key_malformed",
            "Idempotency-Key: a\tb\r\n".to_owned(),
        ),
        (
            "idempotency_key_malformed",
            "Idempotency-Key: caf\u{e9}\r\n".to_owned(),
        ),
        (
            "idempotency_key_malformed",
            format!("Idempotency-Key: {long}\r\n"),
        ),
        ("idempotency_key_malformed", twice.to_owned()),
    ] {
        let length = format!("Content-Length: {}\r\n{headers}", body.len());
        let request = raw::post_head("/transfers", &length) + &body;
        let refused = raw::send(stack.server.port, request.as_bytes()).await;
        assert_eq!(refused.problem(), (400, code.to_owned()), "{headers:?}");
    }
    assert_eq!(
        (stack.count("transfers").await, stack.journal_events().await),
        before
    );
    let longest = stack
        .http
        .transfer_with_key(&long[1..], source, target, 1)
        .await;
    assert_eq!(longest.status, 201);
}

#[tokio::test]
async fn quoted_and_bare_forms_are_the_same_key() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    for (bare, quoted) in [("order 7", "\"order 7\""), ("a\"b\\c", "\"a\\\"b\\\\c\"")] {
        let first = stack.http.transfer_with_key(bare, source, target, 1).await;
        let again = stack
            .http
            .transfer_with_key(quoted, source, target, 1)
            .await;
        assert_eq!((first.status, again.status), (201, 201));
        assert_eq!(again.body, first.body);
        assert_eq!(again.header("idempotency-replayed"), "true");
    }
    assert_eq!(stack.http.balance(target).await, 2);
}

#[tokio::test]
async fn a_retry_hears_the_same_answer_byte_for_byte_and_makes_no_event() {
    let mut stack = Stack::start().await;
    let gate = Gate::behind_transfers_post(&stack).await;
    let pairs = every_stored_outcome(&stack).await;
    let mut answers = Vec::new();
    for (key, body, expected) in &pairs {
        let first = stack.http.post_with_key("/transfers", key, body).await;
        let (status, code) = first.problem();
        assert_eq!((status, code.as_str()), *expected, "{first:?}");
        assert_eq!(first.header("idempotency-replayed"), "");
        answers.push(first);
    }
    let before = (stack.count("transfers").await, stack.journal_events().await);
    // First Redis alone can answer, then PostgreSQL alone.
    gate.close().await;
    for without_redis in [false, true] {
        if without_redis {
            gate.open().await;
            stack.redis.stop();
        }
        for ((key, body, _), first) in pairs.iter().zip(&answers) {
            let again = stack.http.post_with_key("/transfers", key, body).await;
            assert_eq!(
                (again.status, &again.body),
                (first.status, &first.body),
                "{key} {without_redis}"
            );
            assert_eq!(again.header("location"), first.header("location"));
            assert_eq!(again.header("content-type"), first.header("content-type"));
            assert_eq!(
                again.header("idempotency-replayed"),
                "true",
                "{key} {without_redis}"
            );
        }
    }
    assert_eq!(
        (stack.count("transfers").await, stack.journal_events().await),
        before
    );
    assert_eq!(replays(&stack.http, "redis").await, 5.0);
    assert_eq!(replays(&stack.http, "postgresql").await, 5.0);
    stack.verify().await;
}

#[tokio::test]
async fn a_stored_rejection_is_replayed_after_its_reason_is_gone() {
    let stack = Stack::start().await;
    let pairs = every_stored_outcome(&stack).await;
    let rejected: Vec<_> = pairs
        .iter()
        .filter(|(.., (status, _))| *status == 422)
        .collect();
    let mut answers = Vec::new();
    for (key, body, _) in &rejected {
        answers.push(stack.http.post_with_key("/transfers", key, body).await);
    }
    let owner = stack.owner().await;
    let relieve =
        "update remit.wallets set floor = null, status = 'active' where user_id is not null";
    owner.batch_execute(relieve).await.expect("the owner may");
    for flushed in [false, true] {
        if flushed {
            stack.redis.flush().await;
        }
        for ((key, body, _), first) in rejected.iter().zip(&answers) {
            let again = stack.http.post_with_key("/transfers", key, body).await;
            assert_eq!((again.status, &again.body), (422, &first.body), "{key}");
        }
    }
    let (_, body, _) = rejected.first().expect("insufficient funds");
    let new = stack
        .http
        .post_with_key("/transfers", "another", body)
        .await;
    assert_eq!(new.status, 201, "a new attempt with a new key");
}

#[tokio::test]
async fn a_key_that_is_reused_tells_nothing_of_its_first_use() {
    let stack = Stack::start().await;
    let (source, target) = (
        stack.http.wallet(100_000_000).await,
        stack.http.wallet(0).await,
    );
    let other = stack.http.wallet(0).await;
    let mut body = transfer(source, target, 77_770_777);
    body["reference"] = json!("secret-reference");
    body["metadata"] = json!({"secret-name": "secret-value"});
    let first = stack.http.post_with_key("/transfers", "k", &body).await;
    assert_eq!(first.status, 201);
    let counts = (stack.count("transfers").await, stack.journal_events().await);
    for flushed in [false, true] {
        for (field, value) in [
            ("source_id", json!(other)),
            ("target_id", json!(other)),
            ("amount", json!(1)),
            ("currency", json!("EUR")),
            ("reference", json!("x")),
            ("reference", Value::Null),
            ("metadata", json!({"x": "y"})),
            ("metadata", json!({})),
        ] {
            if flushed {
                stack.redis.flush().await;
            }
            let mut changed = body.clone();
            changed[field] = value;
            let refused = stack.http.post_with_key("/transfers", "k", &changed).await;
            assert_eq!(
                refused.problem(),
                (422, "idempotency_key_reused".to_owned()),
                "{changed}"
            );
            assert_eq!(refused.header("location"), "");
            let problem = refused.json();
            let members = problem.as_object().expect("a problem").keys();
            assert_eq!(
                members.cloned().collect::<Vec<_>>(),
                [
                    "code",
                    "detail",
                    "request_id",
                    "sqlstate",
                    "status",
                    "title",
                    "type"
                ]
            );
            let text = String::from_utf8_lossy(&refused.body);
            assert!(
                !text.contains("secret") && !text.contains("77770777"),
                "{text}"
            );
        }
        let again = stack.http.post_with_key("/transfers", "k", &body).await;
        assert_eq!((again.status, &again.body), (201, &first.body));
    }
    assert_eq!(
        (stack.count("transfers").await, stack.journal_events().await),
        counts
    );
}

#[tokio::test]
async fn content_is_the_same_however_it_is_written() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let mut body = transfer(source, target, 1);
    body["metadata"] = json!({"a": "1", "b": "2"});
    let first = stack.http.post_with_key("/transfers", "k", &body).await;
    let upper = source.to_string().to_uppercase();
    for text in [
        body.to_string().replace(":", " :\n "),
        format!(
            r#"{{"amount":1,"metadata":{{"b":"2","a":"\u0031"}},"target_id":"{target}","source_id":"{upper}"}}"#
        ),
        format!(
            r#"{{"source_id":"{source}","target_id":"{target}","amount":1.0,"metadata":{{"a":"1","b":"2"}},"reference":null}}"#
        ),
        format!(
            r#"{{"source_id":"{source}","target_id":"{target}","amount":1,"metadata":{{"a":"1","b":"2"}},"currency":"USD"}}"#
        ),
    ] {
        let key = [("idempotency-key", "k")];
        let again = stack
            .http
            .post_bytes("/transfers", &key, text.clone())
            .await;
        assert_eq!((again.status, &again.body), (201, &first.body), "{text}");
        assert_eq!(again.header("idempotency-replayed"), "true");
    }
    assert_eq!(stack.http.balance(target).await, 1);
}

/// A request for each outcome that is stored: key, body, and status and code of the answer.
async fn every_stored_outcome(stack: &Stack) -> Vec<(&'static str, Value, (u16, &'static str))> {
    let http = &stack.http;
    let (source, target) = (http.wallet(100).await, http.wallet(0).await);
    let frozen = http.wallet(0).await;
    stack.operate("wallet_freeze", frozen).await;
    let full = json!({"user_id": http.user().await, "currency": "USD", "floor": null,
                      "initial_balance": 9_007_199_254_740_000_i64});
    let full = http.post("/wallets", &full).await.id("id");
    let mut foreign = transfer(source, target, 1);
    foreign["currency"] = json!("EUR");
    let mut limit = transfer(source, full, 1);
    limit["source_id"] = json!(
        http.post(
            "/wallets",
            &json!({
        "user_id": http.user().await, "currency": "USD", "floor": null})
        )
        .await
        .id("id")
    );
    limit["amount"] = json!(1_000);
    vec![
        (
            "poor",
            transfer(target, source, 500),
            (422, "insufficient_funds"),
        ),
        (
            "frozen",
            transfer(source, frozen, 1),
            (422, "wallet_frozen"),
        ),
        ("foreign", foreign, (422, "currency_mismatch")),
        ("limit", limit, (422, "balance_limit_exceeded")),
        ("posted", transfer(source, target, 1), (201, "")),
    ]
}

fn transfer(source_id: Uuid, target_id: Uuid, amount: i64) -> Value {
    json!({"source_id": source_id, "target_id": target_id, "amount": amount})
}
