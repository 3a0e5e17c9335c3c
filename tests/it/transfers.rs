//! Transfers: what moves, what is refused, and what many at once do.

use serde_json::json;
use uuid::Uuid;

use crate::idempotency_doors::as_made;
use crate::problems::Told;
use crate::stack::Stack;

#[tokio::test]
async fn a_transfer_moves_money_and_says_so() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(1_000).await, stack.http.wallet(0).await);
    let body = json!({"source_id": source, "target_id": target, "amount": 300, "currency": "USD",
                      "reference": "rent", "metadata": {"month": "11"}});
    let key = Uuid::new_v4();
    let answer = stack
        .http
        .post_with_key("/transfers", &key.to_string(), &body)
        .await;

    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("location"), format!("/transfers/{key}"));
    let transfer = answer.json();
    assert_eq!(transfer["id"], key.to_string());
    assert_eq!(transfer["status"], "posted");
    assert_eq!(transfer["source_balance"], 700);
    assert_eq!(transfer["source_version"], 2);
    assert_eq!(transfer["reference"], "rent");
    assert_eq!(transfer["metadata"], json!({"month": "11"}));
    assert_eq!(stack.http.balance(source).await, 700);
    assert_eq!(stack.http.balance(target).await, 300);
    let found = stack.http.get(&format!("/transfers/{key}")).await;
    assert_eq!(as_made(&found), transfer);
    stack.verify().await;
}

#[tokio::test]
async fn a_transfer_beyond_the_funds_is_refused_and_stays_refused() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(500).await);
    let refused = stack.http.transfer_with_key("k", source, target, 101).await;
    assert_eq!(refused.problem(), (422, "insufficient_funds".to_owned()));
    assert_eq!(stack.http.balance(source).await, 100);

    stack.http.transfer(target, source, 500).await;
    let again = stack.http.transfer_with_key("k", source, target, 101).await;
    assert_eq!(again.body, refused.body);
    assert_eq!(again.header("idempotency-replayed"), "true");
    let stored = stack.http.get("/transfers/k").await.json();
    assert_eq!(
        (&stored["status"], &stored["reason"]),
        (&json!("rejected"), &json!("insufficient_funds"))
    );
    stack.verify().await;
}

#[tokio::test]
async fn opposite_transfers_do_not_deadlock() {
    let stack = Stack::start().await;
    let (a, b) = (
        stack.http.wallet(10_000).await,
        stack.http.wallet(10_000).await,
    );
    let clients: Vec<_> = (0..16)
        .map(|client| {
            let http = stack.http.clone();
            let (source, target) = if client % 2 == 0 { (a, b) } else { (b, a) };
            tokio::spawn(async move {
                for _ in 0..40 {
                    let answer = http.transfer(source, target, 1).await;
                    assert_eq!(answer.status, 201, "{answer:?}");
                }
            })
        })
        .collect();
    for client in clients {
        client.await.expect("every transfer is posted");
    }
    assert_eq!(
        stack.http.balance(a).await + stack.http.balance(b).await,
        20_000
    );
    // Two initial balances and 640 transfers.
    assert_eq!(stack.count("transfers").await, 642);
    stack.verify().await;
}
