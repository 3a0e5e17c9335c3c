//! The feed: pages of the log, and waiting for what is to come.

use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::{Value, json};
use testbed::poll::{SOON, eventually};
use tokio::time::sleep;
use uuid::Uuid;

use crate::events::{Appending, append};
use crate::problems::Told;
use crate::stack::Stack;

/// The positions of a page.
fn positions(page: &Value) -> Vec<i64> {
    let events = page["events"].as_array().expect("a list");
    let positions = events.iter().map(|event| event["position"].as_i64());
    positions
        .map(|position| position.expect("a number"))
        .collect()
}

#[tokio::test]
async fn pages_have_each_event_once_and_in_order() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let headers = [
        ("idempotency-key", "pages-1"),
        ("x-request-id", "a-request"),
        ("content-type", "application/json"),
    ];
    let body = json!({"source_id": source, "target_id": target, "amount": 7, "reference": "rent"});
    let posted = stack
        .http
        .send(Method::POST, "/transfers", &headers, body.to_string())
        .await;
    assert_eq!(posted.status, 201, "{posted:?}");
    stack.http.transfer(source, target, 500).await;
    // What waits in the outbox is not told: only the key of the tests has its place.
    assert_eq!(positions(&stack.http.get("/events").await.json()), [1]);
    append(&stack).await;

    let all = stack.http.get("/events?limit=1000").await;
    assert_eq!(all.header("cache-control"), "no-store");
    let all = all.json();
    let count = i64::try_from(positions(&all).len()).expect("few");
    assert_eq!(positions(&all), (1..=count).collect::<Vec<_>>());
    assert_eq!(all["next"], count);
    let (mut after, mut paged) = (0, Vec::new());
    while after < count {
        let path = format!("/events?after={after}&limit=2");
        let page = stack.http.get(&path).await.json();
        paged.extend(page["events"].as_array().expect("a list").clone());
        assert_eq!(page["epoch"], all["epoch"]);
        after = page["next"].as_i64().expect("a number");
    }
    assert_eq!(Value::from(paged), all["events"]);

    let rejected = "/events?types=transfer.rejected,hold.expired";
    let rejected = stack.http.get(rejected).await.json();
    assert_eq!(
        (positions(&rejected).len(), &rejected["next"]),
        (1, &all["next"])
    );
    assert_eq!(
        rejected["events"][0]["data"]["reason"],
        "insufficient_funds"
    );
    let events = all["events"].as_array().expect("a list");
    let event = events
        .iter()
        .find(|event| event["request_id"] == "a-request");
    let event = event.expect("the event has its request");
    assert_eq!(event["type"], "transfer.posted");
    assert_eq!(event["subject"], posted.json()["id"]);
    assert_eq!(event["time"], posted.json()["created_at"]);
    assert_eq!(event["data"]["amount"], 7);
    assert_eq!(event["data"]["source_balance"], 93);
    assert_eq!(event["data"]["target_balance"], 7);
    assert_eq!(event["data"]["reference"], "rent");
}

#[tokio::test]
async fn a_reader_may_begin_at_a_moment() {
    let stack = Stack::start().await;
    stack.http.wallet(100).await;
    append(&stack).await;
    let before = stack.http.get("/events").await.json();
    sleep(Duration::from_millis(5)).await;
    let wallet = stack.http.wallet(7).await;
    append(&stack).await;
    let created = stack.http.get(&format!("/wallets/{wallet}")).await.json();
    let moment = created["created_at"].as_str().expect("a moment");
    let page = stack
        .http
        .get(&format!("/events?from={moment}"))
        .await
        .json();
    assert_eq!(
        positions(&page)[0],
        before["next"].as_i64().expect("a number") + 1
    );
    let page = stack.http.get("/events?from=1970-01-01T00:00:00Z").await;
    assert_eq!(positions(&page.json())[0], 1);
    let page = stack
        .http
        .get("/events?from=9999-12-31T23:59:59Z")
        .await
        .json();
    let all = stack.http.get("/events").await.json();
    assert_eq!((positions(&page), &page["next"]), (vec![], &all["next"]));
}

#[tokio::test]
async fn what_is_no_question_is_refused() {
    let stack = Stack::start().await;
    for query in [
        "limit=0",
        "types=remit.transfer.posted",
        "types=x",
        "after=x",
        "cursor=1",
    ] {
        let refused = stack.http.get(&format!("/events?{query}")).await;
        assert_eq!(
            refused.problem(),
            (400, "malformed_query".to_owned()),
            "{query}"
        );
    }
    let user = stack.http.user().await;
    let bound = stack.http.scoped("user", Some(user)).await;
    for path in ["/events", "/events/stream"] {
        assert_eq!(
            bound.get(path).await.problem(),
            (403, "forbidden".to_owned())
        );
        let refused = stack.http.get(&format!("{path}?types=x")).await;
        assert_eq!(refused.problem(), (400, "malformed_query".to_owned()));
    }
    assert_eq!(
        stack
            .http
            .scoped("reader", None)
            .await
            .get("/events")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_reader_that_waits_hears_within_100_ms_of_the_commit() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let _appending = Appending::start(&stack).await;
    sleep(Duration::from_millis(200)).await;
    let mut fastest = Duration::MAX;
    for _ in 0..10 {
        let next = stack.http.get("/events?limit=1000").await.json()["next"].clone();
        let reader = tokio::spawn({
            let http = stack.http.clone();
            async move {
                let page = http.get(&format!("/events?after={next}&wait=10")).await;
                (page.json(), Instant::now())
            }
        });
        sleep(Duration::from_millis(60)).await;
        assert!(!reader.is_finished());
        let posted = stack.http.transfer(source, target, 1).await;
        let committed = Instant::now();
        let (page, heard) = reader.await.expect("it does not panic");
        assert_eq!(page["events"][0]["subject"], posted.json()["id"]);
        fastest = fastest.min(heard.saturating_duration_since(committed));
    }
    // Other tests run beside this one.
    assert!(fastest < Duration::from_millis(100), "{fastest:?}");
}

#[tokio::test]
async fn readers_that_wait_share_one_question() {
    let stack = Stack::start().await;
    append(&stack).await;
    let next = stack.http.get("/events").await.json()["next"].clone();
    let start = Instant::now();
    let readers: Vec<_> = (0..20)
        .map(|_| {
            let (http, next) = (stack.http.clone(), next.clone());
            tokio::spawn(async move { http.get(&format!("/events?after={next}&wait=2")).await })
        })
        .collect();
    eventually(SOON, "20 wait", async || {
        (stack.http.metric("remit_feed_readers").await == 20.0).then_some(())
    })
    .await;
    let waits = "remit_postgresql_pool_wait_seconds_count";
    let before = stack.http.metric(waits).await;
    sleep(Duration::from_millis(500)).await;
    let calls = stack.http.metric(waits).await - before;
    // Each 25 ms, and what the metrics ask for.
    assert!((2.0..=30.0).contains(&calls), "{calls}");
    for reader in readers {
        let page = reader.await.expect("it does not panic");
        assert_eq!((page.status, &page.json()["next"]), (200, &next));
    }
    assert!(start.elapsed() >= Duration::from_secs(2));
    assert_eq!(stack.http.metric("remit_feed_readers").await, 0.0);
    let before = stack.http.metric(waits).await;
    sleep(Duration::from_millis(500)).await;
    let calls = stack.http.metric(waits).await - before;
    assert!(calls <= 8.0, "nobody waits, and there were {calls} calls");
}

#[tokio::test]
async fn a_key_has_so_many_readers_that_wait() {
    let stack = Stack::start().await;
    append(&stack).await;
    let waiting: Vec<_> = (0..64)
        .map(|_| {
            let http = stack.http.clone();
            tokio::spawn(
                async move { http.get("/events?after=0&types=hold.expired&wait=60").await },
            )
        })
        .collect();
    eventually(SOON, "64 wait", async || {
        (stack.http.metric("remit_feed_readers").await == 64.0).then_some(())
    })
    .await;
    let refused = stack.http.get("/events?wait=1").await;
    assert_eq!(refused.problem(), (429, "too_many_readers".to_owned()));
    assert_eq!(refused.header("retry-after"), "1");
    let refused = stack.http.get("/events/stream").await;
    assert_eq!(refused.problem(), (429, "too_many_readers".to_owned()));
    assert_eq!(stack.http.get("/events").await.status, 200);
    let other = stack.http.scoped("reader", None).await;
    assert_eq!(other.get("/events?wait=1").await.status, 200);
    // A reader that has gone away has left its seat.
    for reader in waiting {
        reader.abort();
    }
    eventually(SOON, "they have gone", async || {
        (stack.http.metric("remit_feed_readers").await == 0.0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_server_that_ends_answers_those_who_wait_at_once() {
    let mut stack = Stack::start().await;
    append(&stack).await;
    let next = stack.http.get("/events").await.json()["next"].clone();
    let reader = tokio::spawn({
        let (http, next) = (stack.http.clone(), next.clone());
        async move { http.get(&format!("/events?after={next}&wait=60")).await }
    });
    eventually(SOON, "it waits", async || {
        (stack.http.metric("remit_feed_readers").await == 1.0).then_some(())
    })
    .await;
    stack.server.signal("TERM");
    let start = Instant::now();
    let page = reader.await.expect("it does not panic");
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!((page.status, &page.json()["next"]), (200, &next));
    let ended = eventually(SOON, "the server ends", async || stack.server.ended_well()).await;
    assert!(ended);
}

#[tokio::test]
async fn a_reader_of_another_log_hears_so() {
    let stack = Stack::start().await;
    stack.http.wallet(100).await;
    append(&stack).await;
    let page = stack.http.get("/events").await.json();
    let epoch = page["epoch"].as_str().expect("text").to_owned();
    assert_eq!(
        stack
            .http
            .get(&format!("/events?epoch={epoch}"))
            .await
            .status,
        200
    );
    for path in ["/events", "/events/stream"] {
        for query in [
            "epoch=0123456789abcdef".to_owned(),
            format!("epoch={epoch}&after=1000"),
            "after=1000".to_owned(),
        ] {
            let refused = stack.http.get(&format!("{path}?{query}")).await;
            assert_eq!(
                refused.problem(),
                (409, "feed_restarted".to_owned()),
                "{query}"
            );
            assert_eq!(refused.json()["epoch"], *epoch);
            assert_eq!(refused.header("retry-after"), "");
        }
    }
    // What a copy of the database has, or one that was restored to a moment.
    let waiting = tokio::spawn({
        let (http, next) = (stack.http.clone(), page["next"].clone());
        let path = format!("/events?after={next}&epoch={epoch}&wait=10");
        async move { http.get(&path).await }
    });
    sleep(Duration::from_millis(300)).await;
    let other = format!("update remit.cache set instance_id = '{}'", Uuid::new_v4());
    let changed = stack.owner().await.batch_execute(&other).await;
    changed.expect("the owner may do anything");
    stack.http.wallet(1).await;
    append(&stack).await;
    let refused = waiting.await.expect("it does not panic");
    assert_eq!(refused.problem(), (409, "feed_restarted".to_owned()));
    assert_ne!(refused.json()["epoch"], *epoch);
}
