//! Reversals, conditions, at most, and dry runs over HTTP.

use serde_json::json;
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

#[tokio::test]
async fn a_transfer_is_refunded_in_parts_and_never_beyond_it() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (source, target) = (http.wallet(100).await, http.wallet(0).await);
    assert_eq!(
        http.transfer_with_key("t", source, target, 100)
            .await
            .status,
        201
    );
    let reversals = "/transfers/t/reversals";
    let part = http
        .post_with_key(reversals, "r1", &json!({"amount": 30}))
        .await;
    assert_eq!(part.status, 201, "{part:?}");
    let original = http.get("/transfers/t").await.json();
    assert_eq!(
        [&part.json()["kind"], &part.json()["reverses_id"]],
        [&json!("reversal"), &original["id"]]
    );
    assert_eq!(
        http.post_with_key(reversals, "r2", &json!({"amount": 71}))
            .await
            .problem(),
        (422, "reversal_exceeded".to_owned())
    );
    let rest = http.post_with_key(reversals, "r3", &json!({})).await;
    assert_eq!(rest.json()["amount"], 70);
    let twice = http
        .post_with_key("/transfers/r3/reversals", "r4", &json!({}))
        .await;
    assert_eq!(twice.problem(), (422, "not_reversible".to_owned()));
    let none = http
        .post_with_key("/transfers/nope/reversals", "r5", &json!({}))
        .await;
    assert_eq!(none.problem(), (404, "transfer_not_found".to_owned()));

    let original = http.get("/transfers/t").await.json();
    assert_eq!(original["reversed"], 100);
    assert_eq!(
        original["reversal_ids"],
        json!([part.json()["id"], rest.json()["id"]])
    );
    assert_eq!(
        (http.balance(source).await, http.balance(target).await),
        (100, 0)
    );
    stack.verify().await;
}

#[tokio::test]
async fn ten_clients_refund_one_transfer_and_it_goes_back_once() {
    let stack = Stack::start().await;
    let other = stack.second_server().await;
    let http = &stack.http;
    let (source, target) = (http.wallet(100).await, http.wallet(900).await);
    assert_eq!(
        http.transfer_with_key("t", source, target, 100)
            .await
            .status,
        201
    );
    let clients: Vec<_> = (0..10)
        .map(|client| {
            let http = if client % 2 == 0 { http } else { &other.http }.clone();
            tokio::spawn(async move {
                let key = Uuid::new_v4().to_string();
                let body = json!({"amount": 30});
                http.post_with_key("/transfers/t/reversals", &key, &body)
                    .await
                    .status
            })
        })
        .collect();
    let mut posted = 0;
    for client in clients {
        posted += usize::from(client.await.expect("an answer") == 201);
    }
    assert_eq!(posted, 3);
    assert_eq!(
        (http.balance(source).await, http.balance(target).await),
        (90, 910)
    );
    stack.verify().await;
}

#[tokio::test]
async fn at_most_takes_what_is_there() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (source, target) = (http.wallet(70).await, http.wallet(0).await);
    let body = json!({"source_id": source, "target_id": target, "amount": 100, "at_most": true});
    let swept = http.post_with_key("/transfers", "s", &body).await;
    assert_eq!(swept.status, 201, "{swept:?}");
    assert_eq!(
        (&swept.json()["amount"], &swept.json()["amount_asked"]),
        (&json!(70), &json!(100))
    );
    let again = http.post_with_key("/transfers", "s", &body).await;
    assert_eq!(again.body, swept.body);
    let body = json!({"source_id": source, "target_id": target, "at_most": true});
    let empty = http.post_with_key("/transfers", "e", &body).await;
    assert_eq!(empty.problem(), (422, "insufficient_funds".to_owned()));
    stack.verify().await;
}

#[tokio::test]
async fn a_condition_that_is_not_met_refuses_for_good() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (source, target) = (http.wallet(100).await, http.wallet(0).await);
    let etag = http
        .get(&format!("/wallets/{source}"))
        .await
        .header("etag")
        .to_owned();
    let body = json!({"source_id": source, "target_id": target, "amount": 10});
    let post = async |tag: &str, key: &str| {
        let headers = [("if-match", tag), ("idempotency-key", key)];
        http.post_bytes("/transfers", &headers, body.to_string())
            .await
    };
    assert_eq!(post(&etag, "a").await.status, 201);
    let second = post(&etag, "b").await;
    assert_eq!(second.problem(), (422, "condition_failed".to_owned()));
    assert_eq!(post(&etag, "b").await.body, second.body);
    // nginx makes the tag of a compressed answer weak.
    let wallet = http.get(&format!("/wallets/{source}")).await;
    let weak = format!("W/{}", wallet.header("etag"));
    assert_eq!(post(&weak, "w").await.status, 201);
    for tag in ["7", "\"7\"", "\"+4.0\"", "\"4.x\""] {
        let bad = post(tag, "c").await;
        assert_eq!(bad.problem(), (400, "malformed_header".to_owned()), "{tag}");
    }

    for (condition, status) in [
        (json!({"source_balance_min": 80}), 201),
        (json!({"source_balance_min": 80}), 422),
        (json!({"target_balance_max": 30}), 201),
        (json!({"target_balance_max": 30}), 422),
    ] {
        let mut body = body.clone();
        body["if"] = condition.clone();
        let answer = http
            .post_with_key("/transfers", &Uuid::new_v4().to_string(), &body)
            .await;
        assert_eq!(answer.status, status, "{condition}: {answer:?}");
    }
    stack.verify().await;
}

#[tokio::test]
async fn a_dry_run_decides_and_writes_nothing() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (source, target) = (http.wallet(100).await, http.wallet(0).await);
    let body = json!({"source_id": source, "target_id": target, "amount": 100});
    let rows = stack.count("transfers").await;
    let path = "/transfers?dry_run=true";
    let would = http.post_with_key(path, "t", &body).await;
    assert_eq!(
        (would.status, &would.json()["source_balance"]),
        (200, &json!(0))
    );
    let again = http.post_with_key(path, "t", &body).await;
    assert_eq!(
        (again.status, &again.json()["source_balance"]),
        (200, &json!(0))
    );
    let body = json!({"source_id": source, "target_id": target, "amount": 101});
    let refused = http.post_with_key(path, "t", &body).await;
    assert_eq!(refused.problem(), (422, "insufficient_funds".to_owned()));
    assert_eq!(refused.json().get("transfer_id"), None);
    assert_eq!(stack.count("transfers").await, rows);
    assert_eq!(http.balance(source).await, 100);
    assert_eq!(http.get("/transfers/t").await.status, 404);
    let twice = http
        .post_with_key("/transfers?dry_run=true&dry_run=true", "t", &body)
        .await;
    assert_eq!(twice.problem(), (400, "malformed_query".to_owned()));
}
