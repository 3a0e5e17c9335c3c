//! The operators' scripts for holds and reversals.

use serde_json::json;
use uuid::Uuid;

use crate::ops::{done, refused};
use crate::stack::Stack;

#[tokio::test]
async fn holds_are_listed_captured_and_released_by_hand() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (source, target) = (http.wallet(100).await, http.wallet(0).await);
    let mut holds = Vec::new();
    for amount in [10, 20] {
        let body = json!({"source_id": source, "target_id": target, "amount": amount});
        let held = http
            .post_with_key("/holds", &Uuid::new_v4().to_string(), &body)
            .await;
        holds.push(held.id("id").to_string());
    }
    let wallet = source.to_string();
    let listed = done(&stack, "holds", &[("wallet", &wallet)]);
    assert!(
        listed.contains(&holds[0]) && listed.contains("2 open holds."),
        "{listed}"
    );
    let page = done(&stack, "holds", &[("wallet", &wallet), ("limit", "1")]);
    assert!(
        page.contains(&holds[1]) && page.contains("-v before="),
        "{page}"
    );

    let capture = [
        ("capture", holds[0].as_str()),
        ("key", "c"),
        ("reference", "ticket 1"),
        ("amount", "4"),
    ];
    assert!(done(&stack, "holds", &capture).contains("Posted at"));
    assert!(done(&stack, "holds", &capture).contains("Replayed"));
    let release = [
        ("release", holds[1].as_str()),
        ("key", "r"),
        ("reference", "ticket 1"),
    ];
    assert!(done(&stack, "holds", &release).contains("Posted at"));
    let late = [
        ("release", holds[1].as_str()),
        ("key", "l"),
        ("reference", "ticket 1"),
    ];
    assert!(refused(&stack, "holds", &late).contains("hold_closed"));
    assert_eq!(
        (http.balance(source).await, http.balance(target).await),
        (96, 4)
    );
    for bad in [
        &[("wallet", wallet.as_str()), ("key", "x")][..],
        &[("wallets", wallet.as_str())],
        &[("release", holds[0].as_str()), ("reference", "t")],
        &[("wallet", wallet.as_str()), ("release", holds[0].as_str())],
    ] {
        refused(&stack, "holds", bad);
    }
    stack.verify().await;
}

#[tokio::test]
async fn a_transfer_is_reversed_by_hand_once() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (source, target) = (http.wallet(100).await, http.wallet(0).await);
    let transfer = http.transfer(source, target, 50).await.id("id").to_string();
    let part = [
        ("transfer", transfer.as_str()),
        ("key", "p"),
        ("reference", "ticket 2"),
        ("amount", "20"),
    ];
    assert!(done(&stack, "reverse", &part).contains("20 of 50"));
    assert!(done(&stack, "reverse", &part).contains("Replayed"));
    let rest = [
        ("transfer", transfer.as_str()),
        ("key", "q"),
        ("reference", "ticket 2"),
    ];
    assert!(done(&stack, "reverse", &rest).contains("50 of 50"));
    let more = [
        ("transfer", transfer.as_str()),
        ("key", "m"),
        ("reference", "ticket 2"),
    ];
    assert!(refused(&stack, "reverse", &more).contains("reversal_exceeded"));
    for bad in [
        &[("transfer", transfer.as_str()), ("key", "x")][..],
        &[
            ("transfer", transfer.as_str()),
            ("key", "x"),
            ("reference", "t"),
            ("amount", "0"),
        ],
        &[
            ("transfer", transfer.as_str()),
            ("key", "x"),
            ("reference", "t"),
            ("atmost", "yes"),
        ],
    ] {
        refused(&stack, "reverse", bad);
    }
    assert_eq!(
        (http.balance(source).await, http.balance(target).await),
        (100, 0)
    );
    stack.verify().await;
}
