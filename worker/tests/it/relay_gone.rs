//! A relay whose exchange, queue or binding is deleted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use testbed::poll::{SOON, eventually_true};

use crate::relay::ids;
use crate::stand::{NOTIFICATIONS, Stand};

/// What is gone is declared again within a second, and some more for a slow machine.
const DECLARED: Duration = Duration::from_secs(2);

async fn await_binding(stand: &Stand) {
    eventually_true(DECLARED, "the queue is bound again", async || {
        let bindings = stand.vhost.bindings(NOTIFICATIONS).await;
        bindings.iter().any(|source| source == "remit.events")
    })
    .await;
}

#[tokio::test]
async fn an_idle_worker_declares_within_a_second_what_was_deleted() {
    let stand = Stand::new().await;
    let worker = stand.worker().start(&["--relay"]);
    stand.post(1).await;
    worker.await_said("event published", 1).await;
    stand.vhost.delete("exchanges", "remit.events").await;
    await_binding(&stand).await;
    stand.vhost.delete("queues", NOTIFICATIONS).await;
    await_binding(&stand).await;
    stand.vhost.unbind("remit.events", NOTIFICATIONS, "#").await;
    await_binding(&stand).await;
    assert_eq!(worker.said("interrupted"), [Value::Null; 0]);
}

/// Posts while something is deleted, several times.
async fn delete_under_load(stand: &Stand, kind: &str, name: &str) {
    for _ in 0..4 {
        stand.post(300).await;
        stand.vhost.delete(kind, name).await;
        stand.post(300).await;
        await_binding(stand).await;
    }
    stand.await_published(SOON).await;
    stand.assert_logged(2_403).await;
}

#[tokio::test]
async fn an_exchange_that_is_deleted_under_load_costs_no_event_and_no_order() {
    let stand = Stand::new().await;
    let worker = stand.worker().start(&["--relay"]);
    stand.post(1).await;
    worker.await_said("event published", 1).await;
    delete_under_load(&stand, "exchanges", "remit.events").await;
    let events = stand.await_events(NOTIFICATIONS, 2_401).await;
    assert_eq!(ids(&events).len(), 2_401);
    assert_eq!(worker.said("interrupted"), [Value::Null; 0]);
    // Told last, each wallet's versions are in order.
    let mut last: BTreeMap<i64, usize> = BTreeMap::new();
    let source = stand.wallets[0].to_string();
    for (place, event) in events.iter().enumerate() {
        if event["data"]["source_id"] == *source {
            last.insert(event["data"]["source_version"].as_i64().unwrap(), place);
        }
    }
    assert_eq!(last.len(), 2_401);
    assert!(last.values().is_sorted());
}

#[tokio::test]
async fn events_wait_while_the_queue_is_gone_that_was_deleted_under_load() {
    let stand = Stand::new().await;
    let worker = stand.worker().start(&["--relay"]);
    stand.post(1).await;
    worker.await_said("event published", 1).await;
    delete_under_load(&stand, "queues", NOTIFICATIONS).await;
    // A channel of RabbitMQ 3.10 crashes where a message meets a quorum queue that is deleted.
    let is_the_broker_s = |line: &Value| line["error"].to_string().contains("INTERNAL_ERROR");
    let interrupted = worker.said("interrupted");
    assert!(interrupted.iter().all(is_the_broker_s), "{interrupted:?}");
    stand.post(1).await;
    stand.await_published(SOON).await;
}
