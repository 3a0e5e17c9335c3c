//! One wallet that everybody wants, and one that another session holds.

use std::time::{Duration, Instant};

use serde_json::json;
use testbed::http::{Answer, Http};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

const CLIENTS: i64 = 64;
const TRANSFERS_PER_CLIENT: i64 = 10;
/// What nginx waits for the server.
const ANSWER_MAX: Duration = Duration::from_secs(15);

#[tokio::test]
async fn a_hot_wallet_posts_what_comes_together_in_one_call() {
    let stack = Stack::start().await;
    let hot = stack.http.wallet(10_000).await;
    let mut others = Vec::new();
    for _ in 0..8 {
        others.push(stack.http.wallet(10_000).await);
    }
    let clients: Vec<_> = (0..CLIENTS)
        .zip(others.iter().copied().cycle())
        .map(|(client, other)| {
            // A connection of its own; half of them bring money, half take some.
            let http = Http::new(stack.server.port);
            let (source, target) = if client % 2 == 0 {
                (hot, other)
            } else {
                (other, hot)
            };
            tokio::spawn(async move {
                for _ in 0..TRANSFERS_PER_CLIENT {
                    let answer = http.transfer(source, target, 1 + client % 2).await;
                    assert_eq!(answer.status, 201, "{answer:?}");
                }
            })
        })
        .collect();
    for client in clients {
        client.await.expect("every transfer is posted");
    }

    let transfers = CLIENTS * TRANSFERS_PER_CLIENT;
    assert_eq!(stack.http.balance(hot).await, 10_000 + transfers / 2);
    let wallet = stack.http.get(&format!("/wallets/{hot}")).await;
    assert_eq!(wallet.json()["version"], 1 + transfers);
    assert_eq!(stack.count("transfers").await, transfers + 9);
    assert_eq!(stack.journal_events().await, transfers + 9);
    let calls = stack
        .http
        .metric("remit_transfers_call_requests_count")
        .await;
    let requests = stack.http.metric("remit_transfers_call_requests_sum").await;
    assert!(requests >= 640.0, "{requests}");
    assert!(
        calls <= requests / 4.0,
        "{requests} transfers took {calls} calls"
    );
    // Versions are dense, and each balance follows from the one before.
    stack.verify().await;
}

#[tokio::test]
async fn a_wallet_that_someone_holds_is_busy_while_others_go_on() {
    let stack = Stack::start().await;
    let (held, a) = (stack.http.wallet(100).await, stack.http.wallet(100).await);
    let b = stack.http.wallet(100).await;
    let hold = stack.hold(held).await;
    let start = Instant::now();
    let requests: Vec<_> = (0..20)
        .map(|i| {
            let (source, target) = if i % 2 == 0 { (held, a) } else { (a, held) };
            post(&stack.http, format!("k{i}"), source, target)
        })
        .collect();
    stack.wait_for_waiting(1).await;
    // `a` waits for nobody, though requests that name it do.
    let mut others = 0;
    while !requests.iter().all(JoinHandle::is_finished) {
        let before = Instant::now();
        assert_eq!(stack.http.transfer(a, b, 1).await.status, 201);
        assert_eq!(stack.http.transfer(b, a, 1).await.status, 201);
        assert!(
            before.elapsed() < Duration::from_secs(2),
            "{:?}",
            before.elapsed()
        );
        others += 2;
    }
    assert!(others > 0);
    for request in requests {
        let busy = request.await.expect("no panic");
        assert_eq!(busy.problem(), (503, "wallet_busy".to_owned()));
        assert_eq!(busy.header("retry-after"), "1");
    }
    assert!(start.elapsed() < ANSWER_MAX, "{:?}", start.elapsed());
    assert_eq!(stack.count("transfers").await, 3 + others);

    hold.release().await;
    for i in 0..20 {
        let (source, target) = if i % 2 == 0 { (held, a) } else { (a, held) };
        let retried = post(&stack.http, format!("k{i}"), source, target)
            .await
            .expect("no panic");
        assert_eq!(
            (retried.status, retried.header("idempotency-replayed")),
            (201, "")
        );
    }
    stack.verify().await;
}

#[tokio::test]
async fn a_wallet_that_is_released_in_time_was_never_busy() {
    let stack = Stack::start().await;
    let (held, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let hold = stack.hold(held).await;
    let requests: Vec<_> = (0..10)
        .map(|i| post(&stack.http, format!("k{i}"), held, target))
        .collect();
    stack.wait_for_waiting(1).await;
    hold.release().await;
    for request in requests {
        assert_eq!(request.await.expect("no panic").status, 201);
    }
    assert_eq!(stack.http.balance(target).await, 10);
    stack.verify().await;
}

#[tokio::test]
async fn a_new_wallet_waits_for_the_issuance_wallet_and_not_for_ever() {
    let stack = Stack::start().await;
    let first = stack.http.wallet(1).await;
    let entries = stack
        .http
        .get(&format!("/wallets/{first}/entries"))
        .await
        .json();
    let issuance = entries["entries"][0]["counterparty_id"]
        .as_str()
        .and_then(|id| id.parse().ok());
    let hold = stack.hold(issuance.expect("an id")).await;
    let body = json!({"user_id": stack.http.user().await, "currency": "USD", "initial_balance": 5});
    let start = Instant::now();
    let busy = stack.http.post_with_key("/wallets", "k", &body).await;
    assert_eq!(busy.problem(), (503, "wallet_busy".to_owned()));
    assert!(start.elapsed() < ANSWER_MAX, "{:?}", start.elapsed());
    let mut without = body.clone();
    without["initial_balance"] = json!(0);
    assert_eq!(stack.http.post("/wallets", &without).await.status, 201);
    hold.release().await;
    let made = stack.http.post_with_key("/wallets", "k", &body).await;
    assert_eq!((made.status, &made.json()["balance"]), (201, &json!(5)));
    stack.verify().await;
}

fn post(http: &Http, key: String, source_id: Uuid, target_id: Uuid) -> JoinHandle<Answer> {
    let http = http.clone();
    tokio::spawn(async move { http.transfer_with_key(&key, source_id, target_id, 1).await })
}
