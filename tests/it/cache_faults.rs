//! The wallet cache while Redis is down, hangs or comes back empty.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use testbed::http::{Answer, Http};
use testbed::poll::{SOON, eventually_true};
use uuid::Uuid;

use crate::stack::Stack;

/// A request that meets a hanging Redis waits for it a few times 250 ms. This is that on a busy
/// machine, and less than any limit of PostgreSQL or nginx.
const DELAY_MAX: Duration = Duration::from_secs(4);

#[tokio::test]
async fn without_redis_wallets_come_from_the_database() {
    let stack = Stack::start_without_redis().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    for balance in [99, 98] {
        assert_eq!(stack.http.transfer(source, target, 1).await.status, 201);
        let wallet = wallet(&stack.http, source).await;
        assert_eq!(
            (wallet.header("x-cache"), balance_of(&wallet)),
            ("BYPASS", balance)
        );
    }
}

#[tokio::test]
async fn a_redis_that_stops_and_comes_back_shows_no_old_balance() {
    let mut stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    for cached in ["MISS", "HIT"] {
        assert_eq!(wallet(&stack.http, source).await.header("x-cache"), cached);
    }
    stack.redis.stop();
    assert_eq!(stack.http.transfer(source, target, 1).await.status, 201);
    let bypassing = wallet(&stack.http, source).await;
    assert_eq!(
        (bypassing.header("x-cache"), balance_of(&bypassing)),
        ("BYPASS", 99)
    );
    stack.redis.resume().await;
    wait_for_hits(&stack.http, source, 99).await;
    assert_eq!(stack.http.transfer(source, target, 1).await.status, 201);
    assert_eq!(balance_of(&wallet(&stack.http, source).await), 98);
}

#[tokio::test]
async fn a_redis_that_hangs_costs_little_time_and_no_right_answer() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let untouched = stack.http.wallet(5).await;
    for id in [source, target, untouched] {
        for cached in ["MISS", "HIT"] {
            assert_eq!(wallet(&stack.http, id).await.header("x-cache"), cached);
        }
    }
    stack.redis.freeze();
    for i in 1..=5 {
        let start = Instant::now();
        assert_eq!(stack.http.transfer(source, target, 1).await.status, 201);
        assert!(start.elapsed() < DELAY_MAX, "{:?}", start.elapsed());
        let start = Instant::now();
        assert_eq!(balance_of(&wallet(&stack.http, source).await), 100 - i);
        assert_eq!(balance_of(&wallet(&stack.http, target).await), i);
        assert!(start.elapsed() < DELAY_MAX, "{:?}", start.elapsed());
    }
    // Redis still has the old balances. They are not shown, not even before they are repaired.
    stack.redis.thaw();
    wait_for_hits(&stack.http, source, 95).await;
    wait_for_hits(&stack.http, target, 5).await;
    wait_for_hits(&stack.http, untouched, 5).await;
    assert_eq!(stack.http.transfer(source, target, 1).await.status, 201);
    assert_eq!(balance_of(&wallet(&stack.http, source).await), 94);
    stack.verify().await;
}

#[tokio::test]
async fn a_server_shows_no_balance_that_the_one_before_it_could_not_write() {
    let mut stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    for cached in ["MISS", "HIT"] {
        assert_eq!(wallet(&stack.http, source).await.header("x-cache"), cached);
    }
    stack.redis.freeze();
    assert_eq!(stack.http.transfer(source, target, 1).await.status, 201);
    // The first one starts while Redis hangs, the second one when it answers. It still has the old
    // balance.
    stack.restart_with(&[]).await;
    assert_eq!(balance_of(&wallet(&stack.http, source).await), 99);
    stack.server.kill();
    stack.redis.thaw();
    stack.restart_with(&[]).await;
    assert_eq!(balance_of(&wallet(&stack.http, source).await), 99);
    wait_for_hits(&stack.http, source, 99).await;
}

#[tokio::test]
async fn a_server_that_starts_while_redis_hangs_shows_no_old_balance_later() {
    let mut stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    for cached in ["MISS", "HIT"] {
        assert_eq!(wallet(&stack.http, source).await.header("x-cache"), cached);
    }
    stack.redis.freeze();
    assert_eq!(stack.http.transfer(source, target, 1).await.status, 201);
    stack.restart_with(&[]).await;
    stack.redis.thaw();
    wait_for_hits(&stack.http, source, 99).await;
}

#[tokio::test]
async fn a_client_reads_its_own_writes_while_redis_comes_and_goes() {
    let mut stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(1_000).await, stack.http.wallet(0).await);
    let http = stack.http.clone();
    let posted = Arc::new(AtomicI64::new(0));
    let client = tokio::spawn({
        let posted = Arc::clone(&posted);
        async move {
            loop {
                assert_eq!(http.transfer(source, target, 1).await.status, 201);
                let count = posted.fetch_add(1, Ordering::Relaxed) + 1;
                assert_eq!(balance_of(&wallet(&http, source).await), 1_000 - count);
            }
        }
    });
    let goes_on = async || {
        let enough = posted.load(Ordering::Relaxed) + 3;
        eventually_true(SOON, "the client goes on", async || {
            client.is_finished() || posted.load(Ordering::Relaxed) >= enough
        })
        .await;
    };
    for _ in 0..2 {
        stack.redis.flush().await;
        goes_on().await;
        stack.redis.freeze();
        goes_on().await;
        stack.redis.thaw();
        goes_on().await;
        stack.redis.stop();
        goes_on().await;
        stack.redis.resume().await;
        goes_on().await;
    }
    assert!(!client.is_finished(), "each balance was the newest");
    client.abort();
    stack.verify().await;
}

async fn wallet(http: &Http, id: Uuid) -> Answer {
    http.get(&format!("/wallets/{id}")).await
}

fn balance_of(wallet: &Answer) -> i64 {
    wallet.json()["balance"].as_i64().expect("a number")
}

#[tokio::test]
async fn what_was_read_past_redis_is_not_taken_back() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let idle = stack.http.wallet(100).await;
    for id in [source, idle] {
        for cached in ["MISS", "HIT"] {
            assert_eq!(wallet(&stack.http, id).await.header("x-cache"), cached);
        }
    }
    stack.redis.freeze();
    // No worker tells Redis of what a DBA does.
    for balance in [90, 80] {
        let made = "select from remit_v1.transfer_create(1, (gen_random_uuid(), $1, $2, 10, null, null, null, null)
                    ::remit_v1.transfer_request)";
        let made = stack.owner().await.execute(made, &[&source, &target]).await;
        assert_eq!(made.expect("it is posted"), 1);
        for (id, balance) in [(source, balance), (idle, 100)] {
            let read = wallet(&stack.http, id).await;
            let expected = ("BYPASS", balance);
            assert_eq!((read.header("x-cache"), balance_of(&read)), expected);
        }
    }
    stack.redis.thaw();
    wait_for_hits(&stack.http, source, 80).await;
    wait_for_hits(&stack.http, idle, 100).await;
}

/// Reads a wallet until the cache serves it, with the right balance at every read.
async fn wait_for_hits(http: &Http, id: Uuid, balance: i64) {
    eventually_true(SOON, "the cache serves the wallet", async || {
        let wallet = wallet(http, id).await;
        assert_eq!(balance_of(&wallet), balance, "{}", wallet.header("x-cache"));
        wallet.header("x-cache") == "HIT"
    })
    .await;
}
