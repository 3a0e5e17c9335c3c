use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use remit::base::tls::Trust;
use remit::redis::connection::Redis;
use remit::sql::pools;
use remit_worker::broker::Address;
use remit_worker::contract::{Session, cache_state, relay_lead};
use remit_worker::drain::{Drain, Drained};
use remit_worker::publisher::Publisher;
use remit_worker::relay::{Relay, connect};
use serde_json::Value;
use testbed::poll::{SOON, eventually, eventually_true};
use uuid::Uuid;

use crate::stand::Stand;

/// A relay to call step by step.
pub fn relay(stand: &Stand) -> Relay {
    let trust = Trust::default();
    let redis = Redis::new(&stand.redis.url(), &trust).unwrap();
    let database = stand.database.url("remit_worker");
    Relay {
        postgres: pools::config(&database, "test", &trust).unwrap(),
        broker: Address::parse(&stand.vhost.url(), &trust).unwrap(),
        redis: redis.into(),
        metrics: Arc::default(),
    }
}

pub async fn leading(relay: &Relay) -> Drain {
    let session = Session::connect_relay(&relay.postgres).await.unwrap();
    assert!(relay_lead(&session).await.unwrap());
    with_broker(relay, session).await
}

/// A lead with its connection to the broker.
pub async fn with_broker(relay: &Relay, session: Session) -> Drain {
    let instance_id = cache_state(&session).await.unwrap().instance_id;
    let broker = connect(relay.broker.clone(), instance_id).await.unwrap();
    let mut drain = relay.lead(session).await.unwrap();
    drain.publisher = Some(Publisher::new(broker));
    drain
}

#[tokio::test]
async fn an_event_is_a_persistent_cloud_event() {
    let stand = Stand::new().await;
    let tap = stand.tap().await;
    let transfer_id = stand.post(1).await[0];
    let mut drain = leading(&relay(&stand)).await;
    assert_eq!(drain.drain_once().await.unwrap(), Drained::Events(1));
    assert_eq!(drain.drain_once().await.unwrap(), Drained::Empty);

    let messages = stand.vhost.messages(&tap).await.unwrap();
    let message = &messages[0];
    assert_eq!(message.exchange, "remit.events");
    assert_eq!(message.routing_key, "transfer.posted");
    assert_eq!(message.properties["delivery_mode"], 2);
    assert_eq!(
        message.property("content_type"),
        "application/cloudevents+json"
    );
    assert_eq!(message.property("correlation_id"), "request-1");
    assert_eq!(message.property("type"), "remit.transfer.posted");
    let body = message.json();
    assert_eq!(body["id"], message.property("message_id"));
    assert_eq!(body["subject"], transfer_id.to_string());
    assert_eq!(body["requestid"], "request-1");
    assert_eq!(body["data"]["amount"], 1);
    assert_eq!(body["data"]["source_id"], stand.wallets[0].to_string());
    assert_eq!(body["data"]["source_version"], 2);
}

#[tokio::test]
async fn events_of_a_wallet_are_published_in_order_of_its_versions() {
    let stand = Stand::new().await;
    let tap = stand.tap().await;
    let [third, _] = stand.others().await;
    let worker = stand.worker().start(&["--relay"]);
    let ring = [stand.wallets[0], stand.wallets[1], third];
    let posting = (0..4).map(|_| post_around(&stand, ring, 50));
    futures_util::future::join_all(posting).await;

    let events = stand.await_events(&tap, 200).await;
    let mut versions: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for event in &events {
        for side in ["source", "target"] {
            let wallet = event["data"][format!("{side}_id")].as_str().unwrap();
            let version = event["data"][format!("{side}_version")].as_i64().unwrap();
            versions.entry(wallet.to_owned()).or_default().push(version);
        }
    }
    assert_eq!(versions.len(), 3);
    for (wallet, versions) in versions {
        // The first is that of the initial balance.
        let dense: Vec<i64> = (2..).take(versions.len()).collect();
        assert_eq!(versions, dense, "{wallet}");
    }
    assert_eq!(ids(&events).len(), 200);
    stand.await_published(SOON).await;
    stand.assert_logged(204).await;
    drop(worker);
}

/// Posts transfers around a ring of wallets, one at a time, on a connection of its own.
async fn post_around(stand: &Stand, ring: [Uuid; 3], count: usize) {
    let server = stand.connect_server().await;
    for step in 0..count {
        let sides = [ring[step % 3], ring[(step + 1) % 3]];
        // A wallet that another connection holds is busy for a moment.
        eventually_true(SOON, "the transfer", async || {
            stand.post_one(&server, sides).await
        })
        .await;
    }
}

pub fn ids(events: &[Value]) -> HashSet<&str> {
    events
        .iter()
        .map(|event| event["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_relay_that_dies_between_publish_and_its_cursor_publishes_the_same_again() {
    let stand = Stand::new().await;
    let tap = stand.tap().await;
    stand.post(10).await;
    // A lock on the cursor holds the relay up once the broker has confirmed.
    let mut other = stand.database.connect().await;
    let lock = other.transaction().await.unwrap();
    let cursor = "select from remit.cursors where channel = 'broker' for update";
    lock.execute(cursor, &[]).await.unwrap();
    let mut first = stand.worker().start(&["--relay"]);
    let published = stand.await_events(&tap, 10).await;
    first.kill();
    // Without its client the cursor would still move once the lock is free.
    stand.terminate_workers().await;
    lock.rollback().await.unwrap();
    assert_eq!(
        (stand.outbox_depth().await, stand.unpublished().await),
        (0, 10)
    );

    let _second = stand.worker().start(&[]);
    let all = stand.await_events(&tap, 20).await;
    assert_eq!(all[..10], published);
    assert_eq!(all[10..], published);
    let recorded = stand.await_recorded(10).await;
    assert_eq!(recorded.len(), 10);
    stand.await_published(SOON).await;
    stand.assert_logged(12).await;
}

#[tokio::test]
async fn a_relay_that_dies_before_it_appends_leaves_the_events_in_the_outbox() {
    let stand = Stand::new().await;
    let tap = stand.tap().await;
    stand.post(10).await;
    let mut other = stand.database.connect().await;
    let lock = other.transaction().await.unwrap();
    lock.execute("select from remit.ledgers for update", &[])
        .await
        .unwrap();
    let mut first = stand.worker().start(&["--relay"]);
    first.await_said("relay leads", 1).await;
    first.kill();
    stand.terminate_workers().await;
    lock.rollback().await.unwrap();
    assert_eq!(stand.outbox_depth().await, 1);

    let _second = stand.worker().start(&["--relay"]);
    assert_eq!(ids(&stand.await_events(&tap, 10).await).len(), 10);
    stand.await_published(SOON).await;
    stand.assert_logged(12).await;
}

/// The lead of a session that was just dropped is free in a moment.
pub async fn leading_again(relay: &Relay) -> Drain {
    let session = eventually(SOON, "the lead", async || {
        let session = Session::connect_relay(&relay.postgres).await.unwrap();
        relay_lead(&session).await.unwrap().then_some(session)
    });
    with_broker(relay, session.await).await
}

#[tokio::test]
async fn a_relay_that_stands_by_takes_over() {
    let stand = Stand::new().await;
    let tap = stand.tap().await;
    let mut first = stand.worker().start(&["--relay"]);
    first.await_said("relay leads", 1).await;
    let second = stand.worker().start(&["--relay"]);
    second
        .await_said("another relay leads, standing by", 1)
        .await;
    stand.post(1).await;
    stand.await_events(&tap, 1).await;
    assert!(second.said("relay leads").is_empty());

    first.kill();
    stand.post(1).await;
    stand.await_events(&tap, 2).await;
    assert_eq!(second.said("relay leads").len(), 1);
}

#[tokio::test]
async fn a_relay_that_loses_its_connection_loses_the_lead_and_comes_back() {
    let stand = Stand::new().await;
    let worker = stand.worker().start(&["--relay"]);
    worker.await_said("relay leads", 1).await;
    stand.terminate_workers().await;
    worker.await_said("relay leads", 2).await;
}

#[tokio::test]
async fn a_terminated_relay_s_cursor_is_behind_what_it_has_published() {
    let stand = Stand::new().await;
    let tap = stand.tap().await;
    for _ in 0..4 {
        stand.post(1_000).await;
    }
    let mut worker = stand.worker().start(&["--relay"]);
    worker.await_said("event published", 1).await;
    worker.signal("TERM");
    assert_eq!(worker.ended().await.code(), Some(0));

    let published = stand.vhost.messages(&tap).await.unwrap().len();
    assert!(published > 0 && published + stand.unpublished().await == 4_000);
}

#[tokio::test]
async fn a_request_id_can_be_followed_from_the_transfer_to_its_notification() {
    let stand = Stand::new().await;
    let worker = stand.worker().start(&[]);
    let transfer_id = stand.post(1).await[0];
    let delivered = worker.await_said("notification delivered", 1).await;
    for lines in [worker.said("event published"), delivered] {
        let line = lines
            .iter()
            .find(|line| line["request_id"] == "request-1")
            .unwrap();
        assert_eq!(line["subject_id"], transfer_id.to_string());
        assert_eq!(line["type"], "transfer.posted");
        assert!(line["event_id"].is_string());
        let secrets = ["amount", "balance", "data", "source_balance"];
        assert!(
            secrets.iter().all(|name| line.get(name).is_none()),
            "{line}"
        );
    }
}
