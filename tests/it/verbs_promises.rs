//! What holds, reversals and groups promise where clients meet, time goes by, or a call is refused.
//! Each was a bug somewhere.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::http::{Answer, Http};
use tokio::time::sleep;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

async fn hold(http: &Http, key: &str, source: Uuid, target: Uuid, amount: i64) -> Answer {
    let body =
        json!({"source_id": source, "target_id": target, "amount": amount, "expires_in": 3_600});
    let held = http.post_with_key("/holds", key, &body).await;
    assert_eq!(held.status, 201, "{held:?}");
    held
}

async fn capture(http: &Http, hold: &str, key: &str, body: &Value) -> Answer {
    http.post_with_key(&format!("/holds/{hold}/captures"), key, body)
        .await
}

async fn reverse(http: &Http, key: &str, body: &Value) -> Answer {
    http.post_with_key("/transfers/t/reversals", key, body)
        .await
}

fn code(answer: &Answer) -> String {
    if answer.status < 300 {
        "posted".to_owned()
    } else {
        answer.problem().1
    }
}

/// Moves the moment of a wallet, as a clock that ran ahead does: its next change is not before it.
/// It is that of the end of its first hold, and so many microseconds.
async fn move_to_expiry(owner: &Client, wallet: Uuid, microseconds: i64) {
    let update = "update remit.wallets set updated_at = held_until + $2::bigint * interval '1 microsecond' where id = $1";
    let moved = owner.execute(update, &[&wallet, &microseconds]).await;
    assert_eq!(moved.expect("the owner may"), 1);
}

#[tokio::test]
async fn reversals_of_one_transfer_from_two_sessions_never_exceed_it_though_one_finds_the_wallet_busy()
 {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (source, target) = (http.wallet(100).await, http.wallet(500).await);
    let moved = http.transfer_with_key("t", source, target, 100).await;
    assert_eq!(moved.status, 201);
    let reverse_by_hand = format!(
        "select from remit_v1.transfer_reverse(1, gen_random_uuid(), '{}', 60, reference => 'a test')",
        moved.id("id")
    );
    for (ends, outcome, reversed) in [
        ("rollback", "posted", 30),
        ("commit", "reversal_exceeded", 90),
    ] {
        let operator = stack.operator().await;
        operator
            .batch_execute("begin")
            .await
            .expect("a transaction");
        let done = operator.execute(&reverse_by_hand, &[]).await;
        done.expect("an operator may");
        let other = tokio::spawn({
            let http = http.clone();
            async move { reverse(&http, &format!("r{reversed}"), &json!({"amount": 30})).await }
        });
        // It finds the wallets busy, again and again.
        stack.wait_for_waiting(1).await;
        operator.batch_execute(ends).await.expect("it is open");
        assert_eq!(code(&other.await.expect("no panic")), outcome);
        let original = http.get("/transfers/t").await.json();
        assert_eq!(original["reversed"], reversed);
    }
    assert_eq!(code(&reverse(http, "rest", &json!({})).await), "posted");
    let more = reverse(http, "more", &json!({"amount": 1})).await;
    assert_eq!(code(&more), "reversal_exceeded");
    assert_eq!(http.balance(target).await, 500);
    stack.verify().await;
}

#[tokio::test]
async fn a_group_with_a_busy_leg_stores_nothing() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (source, target, held) = (
        http.wallet(100).await,
        http.wallet(0).await,
        http.wallet(0).await,
    );
    let leg = |target: Uuid| json!({"source_id": source, "target_id": target, "amount": 10});
    let body = json!({"legs": [leg(target), leg(held), leg(target)]});
    let before = stack.count("transfers").await;
    let lock = stack.hold(held).await;
    let busy = http.post_with_key("/groups", "g", &body).await;
    assert_eq!(busy.problem(), (503, "wallet_busy".to_owned()));
    assert_eq!(stack.count("transfers").await, before);
    assert_eq!(http.get("/groups/g").await.status, 404);
    lock.release().await;
    assert_eq!(http.post_with_key("/groups", "g", &body).await.status, 201);
    assert_eq!(
        (http.balance(source).await, http.balance(held).await),
        (70, 10)
    );
    stack.verify().await;
}

#[tokio::test]
async fn a_refused_all_the_rest_which_has_no_amount_is_stored_and_replayed() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (source, target) = (http.wallet(100).await, http.wallet(0).await);
    http.transfer_with_key("t", source, target, 100).await;
    assert_eq!(http.transfer(target, source, 50).await.status, 201);
    hold(http, "h", source, target, 10).await;
    let released = http
        .post_with_key("/holds/h/release", "l", &json!({}))
        .await;
    assert_eq!(released.status, 201);

    let all = json!({});
    let reversal = reverse(http, "r", &all).await;
    assert_eq!(code(&reversal), "insufficient_funds");
    let captured = capture(http, "h", "c", &all).await;
    assert_eq!(code(&captured), "hold_closed");
    // Its reason is gone, and it stays what it was.
    assert_eq!(http.transfer(source, target, 50).await.status, 201);
    for (first, again) in [
        (&reversal, reverse(http, "r", &all).await),
        (&captured, capture(http, "h", "c", &all).await),
    ] {
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.header("idempotency-replayed"), "true");
    }
    let other = reverse(http, "r", &json!({"amount": 100})).await;
    assert_eq!(code(&other), "idempotency_key_reused");
    assert_eq!(code(&reverse(http, "r2", &all).await), "posted");
    stack.verify().await;
}

#[tokio::test]
async fn a_capture_and_an_expiry_at_the_same_microsecond_have_one_winner() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let owner = stack.owner().await;
    for (microseconds, outcome, status, balances) in [
        (-1, "posted", "captured", (40, 60)),
        (0, "hold_closed", "expired", (100, 0)),
        (1, "hold_closed", "expired", (100, 0)),
    ] {
        let (source, target) = (http.wallet(100).await, http.wallet(0).await);
        let key = format!("h{microseconds}");
        hold(http, &key, source, target, 60).await;
        move_to_expiry(&owner, source, microseconds).await;
        let captured = capture(http, &key, &format!("c{microseconds}"), &json!({})).await;
        assert_eq!(code(&captured), outcome, "{microseconds}");
        let told = http.get(&format!("/holds/{key}")).await.json();
        assert_eq!(told["status"], status, "{microseconds}");
        assert_eq!(
            (http.balance(source).await, http.balance(target).await),
            balances
        );
    }
    stack.verify().await;
}

#[tokio::test]
async fn of_two_captures_at_once_the_second_sees_the_rest() {
    let stack = Stack::start().await;
    let other = stack.second_server().await;
    let http = &stack.http;
    let (source, target) = (http.wallet(100).await, http.wallet(0).await);
    for round in 0..10 {
        let key = format!("h{round}");
        hold(http, &key, source, target, 10).await;
        let part = json!({"amount": 6, "final": false});
        let (first, second) = (format!("a{round}"), format!("b{round}"));
        let (first, second) = tokio::join!(
            capture(http, &key, &first, &part),
            capture(&other.http, &key, &second, &part)
        );
        let mut codes = [code(&first), code(&second)];
        codes.sort();
        assert_eq!(codes, ["hold_exceeded", "posted"]);
        let rest = capture(&other.http, &key, &format!("c{round}"), &json!({})).await;
        assert_eq!(rest.json()["amount"], 4, "{rest:?}");
    }
    assert_eq!(
        (http.balance(source).await, http.balance(target).await),
        (0, 100)
    );
    stack.verify().await;
}

/// A hold of all of a wallet that ends within a second; gives the wallet and what was answered,
/// once it has ended.
async fn ended(stack: &Stack, body: &Value) -> Answer {
    let held = stack.http.post_with_key("/holds", "h", body).await;
    assert_eq!(held.status, 201, "{held:?}");
    let path = format!("/wallets/{}", held.id("source_id"));
    let read = stack.http.get(&path).await.json();
    assert_eq!(read["available"], 0, "it is in the cache so");
    sleep(Duration::from_millis(1_100)).await;
    held
}

#[tokio::test]
async fn what_expired_unswept_is_spendable_in_the_same_call_and_a_replayed_authorise_hears_open() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let body = json!({"source_id": source, "amount": 100, "expires_in": 1});
    let held = ended(&stack, &body).await;
    let rows = stack.count("transfers").await;
    let spent = stack.http.transfer(source, target, 100).await;
    assert_eq!(spent.status, 201, "{spent:?}");
    assert_eq!(
        stack.count("transfers").await,
        rows + 2,
        "the expiry and the transfer"
    );
    // A replayed authorise after its hold expired hears `open`, byte for byte.
    let again = stack.http.post_with_key("/holds", "h", &body).await;
    assert_eq!((again.status, &again.body), (held.status, &held.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.json()["status"], "open");
    assert_eq!(stack.http.get("/holds/h").await.json()["status"], "expired");
    stack.verify().await;
}

#[tokio::test]
async fn a_cached_wallet_shows_what_expired_without_a_write() {
    let stack = Stack::start().await;
    let source = stack.http.wallet(100).await;
    let body = json!({"source_id": source, "amount": 100, "expires_in": 1});
    ended(&stack, &body).await;
    let rows = stack.count("transfers").await;
    for path in [
        format!("/wallets/{source}"),
        format!("/wallets/{source}?holds=true"),
    ] {
        let read = stack.http.get(&path).await.json();
        assert_eq!(
            (&read["held"], &read["available"]),
            (&json!(0), &json!(100))
        );
    }
    assert_eq!(stack.count("transfers").await, rows);
}

#[tokio::test]
async fn limits_count_held_money_once_over_authorise_capture_release() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (source, target) = (http.wallet(1_000).await, http.wallet(0).await);
    let path = format!("/wallets/{source}/limits");
    let body = json!({"transfer_max": null, "daily_max": 100, "reason": "a test"});
    let headers = [("content-type", "application/json")];
    let limited = http
        .send(hyper::Method::PUT, &path, &headers, body.to_string())
        .await;
    assert_eq!(limited.status, 200, "{limited:?}");
    let pay = async |amount: i64| code(&http.transfer(source, target, amount).await);

    hold(http, "h", source, target, 60).await;
    assert_eq!(
        pay(41).await,
        "limit_exceeded",
        "what is held counts as spent"
    );
    let part = capture(http, "h", "c1", &json!({"amount": 30, "final": false})).await;
    assert_eq!(code(&part), "posted", "and its capture counts no more");
    assert_eq!(pay(41).await, "limit_exceeded");
    let last = capture(http, "h", "c2", &json!({"amount": 10})).await;
    assert_eq!(code(&last), "posted");
    assert_eq!(
        pay(61).await,
        "limit_exceeded",
        "40 were captured, and 20 released"
    );
    hold(http, "h2", source, target, 60).await;
    assert_eq!(pay(1).await, "limit_exceeded");
    let released = http
        .post_with_key("/holds/h2/release", "r", &json!({}))
        .await;
    assert_eq!(released.status, 201);
    assert_eq!(
        (pay(60).await, pay(1).await),
        ("posted".to_owned(), "limit_exceeded".to_owned())
    );
    stack.verify().await;
}
