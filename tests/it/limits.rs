//! Limits of wallets when many spend at once.

use futures_util::future::join_all;
use hyper::Method;
use serde_json::json;
use testbed::postgres::Database;
use uuid::Uuid;

use crate::stack::Stack;

/// Sessions that spend at the same time.
const SESSIONS: usize = 8;
/// Transfers that each of them tries.
const TRANSFERS: usize = 15;

#[tokio::test]
async fn a_daily_limit_holds_however_many_spend_at_once() {
    let database = Database::create().await;
    let owner = database.connect().await;
    let (user, source, target) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    owner
        .batch_execute(&format!(
            "select remit_v1.user_create(1, ('{user}', 'Ann', null, null, null)::remit_v1.user_request);
             select remit_v1.wallet_create(1, ('{source}', '{user}', 'USD', 100000, 0, null, null, null)::remit_v1.wallet_request);
             select remit_v1.wallet_create(1, ('{target}', '{user}', 'USD', 0, 0, null, null, null)::remit_v1.wallet_request);
             select remit_ops_v1.wallet_limits_set(1, '{source}', null, 330, 'a test');"
        ))
        .await
        .expect("an owner may");
    let spend = join_all((0..SESSIONS).map(|_| async {
        let session = database.connect().await;
        let mut posted = 0;
        for _ in 0..TRANSFERS {
            let outcome: String = session
                .query_one(
                    "select (remit_v1.transfer_create(1, (gen_random_uuid(), $1, $2, 10, null, null, null, null)
                             ::remit_v1.transfer_request)).outcome::text",
                    &[&source, &target],
                )
                .await
                .expect("sessions wait for each other")
                .get(0);
            match outcome.as_str() {
                "posted" => posted += 1,
                other => assert_eq!(other, "limit_exceeded"),
            }
        }
        posted
    }));
    let posted: i64 = spend.await.into_iter().sum();
    assert_eq!(posted, 33, "of {}", SESSIONS * TRANSFERS);
    let row = owner
        .query_one(
            "select (remit_v1.wallet_limits_get(1, $1)).daily_spent, (select count(*) from remit_ops_v1.verify())",
            &[&source],
        )
        .await
        .expect("an owner may");
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (330, 0));
}

#[tokio::test]
async fn a_limit_that_is_set_later_counts_what_left_and_not_what_was_held() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (id, other) = (http.wallet(100).await, http.wallet(100).await);
    let hold = json!({"source_id": id, "target_id": other, "amount": 30});
    for (path, key, body) in [
        ("/holds", "h", &hold),
        ("/holds/h/adjustments", "a", &json!({"amount": 40})),
        (
            "/holds/h/captures",
            "c",
            &json!({"amount": 10, "final": false}),
        ),
        ("/holds/h/release", "r", &json!({})),
        (
            "/transfers",
            "t",
            &json!({"source_id": other, "target_id": id, "amount": 20}),
        ),
        ("/transfers/t/reversals", "v", &json!({"amount": 5})),
    ] {
        let made = http.post_with_key(path, key, body).await;
        assert_eq!(made.status, 201, "{path}: {made:?}");
    }
    let path = format!("/wallets/{id}/limits");
    let limits = json!({"transfer_max": null, "daily_max": 1_000}).to_string();
    let headers = [("content-type", "application/json")];
    let set = http.send(Method::PUT, &path, &headers, limits).await;
    assert_eq!((set.status, &set.json()["daily_spent"]), (200, &json!(10)));
    stack.verify().await;
}
