//! Groups, all or nothing, and bulks, each item with its own fate.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

fn leg(source: Uuid, target: Uuid, amount: i64) -> Value {
    json!({"source_id": source, "target_id": target, "amount": amount})
}

#[tokio::test]
async fn a_group_is_posted_whole_and_replayed() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (buyer, seller, fees) = (
        http.wallet(100).await,
        http.wallet(0).await,
        http.wallet(0).await,
    );
    let body = json!({"legs": [
        leg(buyer, seller, 100),
        leg(seller, fees, 5),
        {"kind": "hold", "source_id": seller, "amount": 20, "reference": "reserve"},
    ]});
    let posted = http.post_with_key("/groups", "g", &body).await;
    assert_eq!(posted.status, 201, "{posted:?}");
    let told = posted.json();
    assert_eq!(
        posted.header("location"),
        format!("/groups/{}", posted.id("id"))
    );
    assert_eq!(
        (&told["status"], told["legs"].as_array().map(Vec::len)),
        (&json!("posted"), Some(3))
    );
    assert_eq!(told["legs"][2]["kind"], "hold");
    assert_eq!(
        (
            http.balance(buyer).await,
            http.balance(seller).await,
            http.balance(fees).await
        ),
        (0, 95, 5)
    );
    let again = http.post_with_key("/groups", "g", &body).await;
    assert_eq!(
        (&again.body, again.header("idempotency-replayed")),
        (&posted.body, "true")
    );
    let other = json!({"legs": [leg(buyer, seller, 1), leg(seller, fees, 5)]});
    let reused = http.post_with_key("/groups", "g", &other).await;
    assert_eq!(reused.problem(), (422, "idempotency_key_reused".to_owned()));
    assert_eq!(
        http.get("/groups/g").await.json()["legs"]
            .as_array()
            .map(Vec::len),
        Some(3)
    );
    stack.verify().await;
}

#[tokio::test]
async fn a_group_of_which_a_leg_fails_moves_nothing() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (a, b) = (http.wallet(100).await, http.wallet(0).await);
    let body = json!({"legs": [leg(a, b, 60), leg(b, a, 10), leg(a, b, 60)]});
    let refused = http.post_with_key("/groups", "g", &body).await;
    assert_eq!(refused.problem(), (422, "insufficient_funds".to_owned()));
    assert_eq!(refused.json()["pointer"], "/legs/2");
    let again = http.post_with_key("/groups", "g", &body).await;
    assert_eq!(
        (&again.body, again.header("idempotency-replayed")),
        (&refused.body, "true")
    );
    assert_eq!((http.balance(a).await, http.balance(b).await), (100, 0));
    let legs = http.get("/groups/g").await.json()["legs"].clone();
    let reasons: Vec<&Value> = legs
        .as_array()
        .expect("legs")
        .iter()
        .map(|leg| &leg["reason"])
        .collect();
    assert_eq!(
        reasons,
        ["group_refused", "group_refused", "insufficient_funds"]
    );

    let unknown = json!({"legs": [leg(a, b, 1), leg(a, Uuid::new_v4(), 1)]});
    let refused = http.post_with_key("/groups", "u", &unknown).await;
    assert_eq!(refused.problem(), (404, "wallet_not_found".to_owned()));
    assert_eq!(refused.json()["pointer"], "/legs/1/target_id");
    assert_eq!(
        http.get("/groups/u").await.problem(),
        (404, "transfer_not_found".to_owned())
    );
    stack.verify().await;
}

#[tokio::test]
async fn items_of_a_bulk_have_their_own_fates_and_are_sent_again_safely() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (a, b) = (http.wallet(100).await, http.wallet(0).await);
    let item = |key: &str, amount: i64| json!({"id": key, "source_id": a, "target_id": b, "amount": amount});
    let body = json!({"transfers": [
        item("p1", 60), item("p2", 60),
        {"id": "h", "kind": "hold", "source_id": a, "amount": 30},
        {"id": "c", "kind": "capture", "hold_id": "h", "target_id": b, "amount": 10},
        {"id": "n", "kind": "release", "hold_id": "nope"},
        {"id": "r", "kind": "reversal", "reverses_id": "p1", "amount": 20},
    ]});
    let answer = http.post("/transfers/bulk", &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let results = answer.json()["results"]
        .as_array()
        .cloned()
        .expect("results");
    let told: Vec<_> = results
        .iter()
        .map(|result| (&result["id"], &result["status"], &result["problem"]["code"]))
        .collect();
    let null = json!(null);
    let expected = [
        ("p1", "posted", None),
        ("p2", "rejected", Some("insufficient_funds")),
        ("h", "posted", None),
        ("c", "posted", None),
        ("n", "failed", Some("hold_not_found")),
        ("r", "posted", None),
    ];
    for (told, (id, status, code)) in told.iter().zip(expected) {
        let code = code.map_or(null.clone(), Value::from);
        assert_eq!(
            (told.0, told.1, told.2),
            (&json!(id), &json!(status), &code),
            "{results:?}"
        );
    }
    assert_eq!((http.balance(a).await, http.balance(b).await), (50, 50));

    let again = http.post("/transfers/bulk", &body).await.json()["results"]
        .as_array()
        .cloned()
        .expect("results");
    for (first, again) in results.iter().zip(&again) {
        assert_eq!(first["transfer"], again["transfer"]);
        assert_eq!(again["replayed"], first["status"] != "failed", "{again}");
    }
    stack.verify().await;
}

#[tokio::test]
async fn a_bulk_of_a_thousand_is_replayed_whole() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (a, b) = (http.wallet(1_000).await, http.wallet(0).await);
    let items: Vec<Value> = (0..1_000)
        .map(|n| json!({"id": format!("payout-{n}"), "source_id": a, "target_id": b, "amount": 1}))
        .collect();
    let body = json!({"transfers": items});
    for is_replay in [false, true] {
        let answer = http.post("/transfers/bulk", &body).await;
        assert_eq!(answer.status, 200);
        let results = answer.json()["results"]
            .as_array()
            .cloned()
            .expect("results");
        assert_eq!(results.len(), 1_000);
        assert!(
            results
                .iter()
                .all(|result| result["status"] == "posted" && result["replayed"] == is_replay)
        );
    }
    assert_eq!((http.balance(a).await, http.balance(b).await), (0, 1_000));
    stack.verify().await;
}

#[tokio::test]
async fn bad_items_are_pointed_at_and_nothing_is_written() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (a, b) = (http.wallet(100).await, http.wallet(0).await);
    let good = json!({"id": "ok", "source_id": a, "target_id": b, "amount": 1});
    for (item, status, pointer) in [
        (
            json!({"id": "x", "source_id": a, "target_id": b, "amount": "1"}),
            400,
            "/transfers/1/amount",
        ),
        (
            json!({"id": "x", "source_id": a, "target_id": b}),
            400,
            "/transfers/1/amount",
        ),
        (
            json!({"source_id": a, "target_id": b, "amount": 1}),
            400,
            "/transfers/1/id",
        ),
        (
            json!({"id": "x", "kind": "gift", "source_id": a, "target_id": b, "amount": 1}),
            422,
            "/transfers/1/kind",
        ),
        (
            json!({"id": "x", "kind": "capture"}),
            400,
            "/transfers/1/hold_id",
        ),
        (
            json!({"id": "x", "kind": "release", "hold_id": "h", "amount": 1}),
            400,
            "/transfers/1/amount",
        ),
        (json!(7), 400, "/transfers/1"),
    ] {
        let answer = http
            .post("/transfers/bulk", &json!({"transfers": [good, item]}))
            .await;
        assert_eq!(answer.status, status, "{item}: {answer:?}");
        assert_eq!(answer.json()["pointer"], pointer, "{item}");
    }
    for legs in [json!([]), json!([leg(a, b, 1)]), json!({}), json!(null)] {
        let answer = http
            .post_with_key("/groups", "g", &json!({"legs": legs}))
            .await;
        assert_eq!(answer.json()["pointer"], "/legs", "{legs}: {answer:?}");
    }
    assert_eq!(http.balance(a).await, 100);
}
