//! `/metrics`: everything that is counted is there and moves.

use std::collections::HashMap;

use testbed::http::Http;
use testbed::poll::{SOON, eventually_true};

use crate::gate::Gate;
use crate::stack::Stack;

/// Every sample by its name with labels.
struct Samples(HashMap<String, f64>);

impl Samples {
    async fn read(http: &Http) -> Self {
        let answer = http.get("/metrics").await;
        assert_eq!(answer.status, 200);
        let media_type = answer.header("content-type");
        assert!(media_type.starts_with("application/openmetrics-text"));
        let text = str::from_utf8(&answer.body).expect("text").to_owned();
        assert!(text.ends_with("# EOF\n"));
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let samples = lines.map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a name and a value");
            (name.to_owned(), value.parse().expect("a number"))
        });
        Self(samples.collect())
    }

    /// What is not there yet counts as 0.
    fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or(0.0)
    }
}

#[tokio::test]
async fn requests_and_latencies_are_counted_by_route() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let before = Samples::read(&stack.http).await;
    stack.http.transfer(source, target, 1).await;
    stack.http.transfer(source, target, 1_000).await;
    stack.http.get("/nothing").await;
    stack.http.get("/transfers/unknown").await;
    let after = Samples::read(&stack.http).await;
    for (name, more) in [
        (
            "remit_http_requests_total{route=\"transfer_create\",status=\"201\"}",
            1.0,
        ),
        (
            "remit_http_requests_total{route=\"transfer_create\",status=\"422\"}",
            1.0,
        ),
        (
            "remit_http_requests_total{route=\"none\",status=\"404\"}",
            1.0,
        ),
        (
            "remit_http_requests_total{route=\"transfer_get\",status=\"404\"}",
            1.0,
        ),
        (
            "remit_http_request_duration_seconds_count{route=\"transfer_create\"}",
            2.0,
        ),
        (
            "remit_http_request_duration_seconds_bucket{le=\"+Inf\",route=\"transfer_create\"}",
            2.0,
        ),
        ("remit_transfers_call_requests_count", 2.0),
        ("remit_transfers_call_requests_sum", 2.0),
    ] {
        assert_eq!(after.get(name) - before.get(name), more, "{name}");
    }
    let name = "remit_http_request_duration_seconds_sum{route=\"transfer_create\"}";
    assert!(after.get(name) > before.get(name));
    let name = "remit_postgresql_pool_wait_seconds_count";
    assert!(after.get(name) >= before.get(name) + 2.0);
}

#[tokio::test]
async fn requests_that_go_together_are_one_call() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    // While the wallet is held, its requests gather.
    let held = stack.hold(source).await;
    let requests: Vec<_> = (0..20)
        .map(|_| {
            let http = stack.http.clone();
            tokio::spawn(async move { http.transfer(source, target, 1).await.status })
        })
        .collect();
    stack.wait_for_waiting(20).await;
    // Each call that finds it held has all twenty, but for the first ones.
    eventually_true(SOON, "those that wait go together", async || {
        let samples = Samples::read(&stack.http).await;
        let calls = samples.get("remit_transfers_call_requests_count");
        samples.get("remit_transfers_call_requests_sum") > 10.0 * calls
    })
    .await;
    held.release().await;
    for request in requests {
        assert_eq!(request.await.expect("no panic"), 201);
    }
}

#[tokio::test]
async fn cache_reads_are_counted_by_what_the_cache_knew() {
    let mut stack = Stack::start().await;
    let path = format!("/wallets/{}", stack.http.wallet(0).await);
    let count = async |result: &str| {
        let name = format!("remit_wallet_cache_reads_total{{result=\"{result}\"}}");
        Samples::read(&stack.http).await.get(&name)
    };
    for _ in 0..4 {
        stack.http.get(&path).await;
    }
    assert_eq!(
        (
            count("miss").await,
            count("hit").await,
            count("bypass").await
        ),
        (1.0, 3.0, 0.0)
    );
    stack.redis.stop();
    let http = stack.http.clone();
    http.get(&path).await;
    let samples = Samples::read(&http).await;
    assert_eq!(
        samples.get("remit_wallet_cache_reads_total{result=\"bypass\"}"),
        1.0
    );
}

#[tokio::test]
async fn replays_are_counted_by_who_knew_the_answer() {
    let mut stack = Stack::start().await;
    let gate = Gate::behind_transfers_post(&stack).await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    stack.http.transfer_with_key("k", source, target, 1).await;
    // Redis alone can answer.
    gate.close().await;
    for _ in 0..2 {
        stack.http.transfer_with_key("k", source, target, 1).await;
    }
    gate.open().await;
    stack.redis.stop();
    stack.http.transfer_with_key("k", source, target, 1).await;
    let samples = Samples::read(&stack.http).await;
    for (source, count) in [("redis", 2.0), ("postgresql", 1.0)] {
        let name = format!("remit_idempotent_replays_total{{source=\"{source}\"}}");
        assert_eq!(samples.get(&name), count, "{name}");
    }
}

#[tokio::test]
async fn the_outbox_lag_is_what_waits_for_the_relay() {
    let stack = Stack::start().await;
    let samples = Samples::read(&stack.http).await;
    assert_eq!(samples.0.get("remit_outbox_events"), Some(&0.0));
    assert_eq!(samples.0.get("remit_outbox_oldest_age_seconds"), Some(&0.0));
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    stack.http.transfer(source, target, 1).await;
    eventually_true(SOON, "two events grow old", async || {
        let samples = Samples::read(&stack.http).await;
        assert!(samples.get("remit_outbox_events") >= 2.0);
        samples.get("remit_outbox_oldest_age_seconds") >= 1.0
    })
    .await;
    let owner = stack.owner().await;
    owner
        .execute("delete from remit.outbox", &[])
        .await
        .expect("the owner may");
    let samples = Samples::read(&stack.http).await;
    assert_eq!(samples.get("remit_outbox_events"), 0.0);
    assert_eq!(samples.get("remit_outbox_oldest_age_seconds"), 0.0);
}

#[tokio::test]
async fn moments_that_are_ahead_of_the_clock_are_told_until_it_is_there() {
    const AHEAD: &str = "remit_moments_ahead_seconds";
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    stack.http.transfer(source, target, 1).await;
    assert_eq!(Samples::read(&stack.http).await.0.get(AHEAD), Some(&0.0));
    let owner = stack.owner().await;
    let execute = async |sql: &str| owner.execute(sql, &[]).await.expect("the owner may");
    // As a clock leaves it that was an hour ahead.
    execute(
        "update remit.wallets set updated_at = now() + interval '1 hour' where user_id is not null",
    )
    .await;
    stack.http.transfer(source, target, 1).await;
    // The relay leaves nothing.
    execute("delete from remit.outbox").await;
    let ahead_s = Samples::read(&stack.http).await.get(AHEAD);
    assert!((3500.0..=3600.0).contains(&ahead_s), "{ahead_s}");
    // What this server has not written, it reads.
    execute(
        "insert into remit.outbox (ledger_id, types, subject_ids, created_at)
         select 1, '{transfer.posted}', array[id], now() + interval '2 hours' from remit.transfers limit 1",
    )
    .await;
    let ahead_s = Samples::read(&stack.http).await.get(AHEAD);
    assert!((7100.0..=7200.0).contains(&ahead_s), "{ahead_s}");
}

#[tokio::test]
async fn no_label_holds_a_word_of_a_client() {
    let stack = Stack::start().await;
    for path in [
        "/planted",
        "/transfers/planted",
        "/wallets/planted",
        "/problems/planted",
        "/docs/planted",
    ] {
        stack.http.get(path).await;
    }
    let planted: hyper::Method = "PLANTED".parse().expect("a method");
    stack.http.send(planted, "/users", &[], "").await;
    let samples = Samples::read(&stack.http).await;
    let names: String = samples.0.into_keys().collect();
    assert!(!names.to_lowercase().contains("planted"), "{names}");
}
