//! A relay with more events than it publishes at a time.

use remit_worker::drain::{Drain, Drained};
use remit_worker::relay::Relay;
use testbed::poll::{SOON, eventually_true};

use crate::relay::{ids, leading, leading_again, relay};
use crate::restore::drain_all;
use crate::stand::Stand;

#[tokio::test]
async fn a_batch_is_appended_while_another_is_published_and_a_late_commit_is_not_passed_over() {
    let stand = Stand::new().await;
    let tap = stand.tap().await;
    let mut others = [stand.connect_server().await, stand.connect_server().await];
    let mut sides = Vec::new();
    for _ in 0..2 {
        sides.push(stand.others().await);
    }
    let mut late = Vec::new();
    for (other, sides) in others.iter_mut().zip(sides) {
        let open = other.transaction().await.unwrap();
        assert!(stand.post_one(&open, sides).await);
        late.push(open);
    }
    stand.post(700).await;
    stand.post(600).await;

    let mut drain = leading(&relay(&stand)).await;
    assert_eq!(drain.drain_once().await.unwrap(), Drained::Events(500));
    assert_eq!(stand.outbox_depth().await, 0);
    late.remove(0).commit().await.unwrap();
    assert_eq!(drain.drain_once().await.unwrap(), Drained::Events(500));
    assert_eq!(stand.unpublished().await, 801);
    late.remove(0).commit().await.unwrap();
    drain_all(&mut drain).await;
    assert_eq!(
        (stand.outbox_depth().await, stand.unpublished().await),
        (0, 0)
    );

    let events = stand.await_events(&tap, 1_302).await;
    assert_eq!(events.len(), 1_302);
    assert_eq!(ids(&events).len(), 1_302);
    stand.assert_logged(1_308).await;
}

/// A relay with 1,500 events that has published 500.
async fn with_a_batch_published() -> (Stand, Relay, Drain) {
    let stand = Stand::new().await;
    let relay = relay(&stand);
    stand.post(1_000).await;
    stand.post(500).await;
    let mut drain = leading(&relay).await;
    assert_eq!(drain.drain_once().await.unwrap(), Drained::Events(500));
    (stand, relay, drain)
}

#[tokio::test]
async fn a_relay_that_ends_tells_its_cursor_and_one_that_loses_the_broker_begins_there_again() {
    let (stand, relay, drain) = with_a_batch_published().await;
    drain.finish().await.unwrap();
    assert_eq!(stand.unpublished().await, 1_000);

    let mut drain = leading_again(&relay).await;
    assert_eq!(drain.drain_once().await.unwrap(), Drained::Events(500));
    let broker = &drain.publisher.as_ref().unwrap().broker;
    broker.channel.close(200, "".into()).await.unwrap();
    stand.post(1).await;
    assert_eq!(drain.drain_once().await.unwrap(), Drained::Empty);
    assert!(drain.publisher.is_none());
    assert_eq!(
        (stand.outbox_depth().await, stand.unpublished().await),
        (0, 501)
    );
}

#[tokio::test]
async fn a_cursor_that_is_far_behind_is_read_from_the_log_and_in_order() {
    let stand = Stand::new().await;
    let tap = stand.tap().await;
    let relay = relay(&stand);
    let mut drain = leading(&relay).await;
    drain.publisher = None;
    // More than queue in the relay.
    for _ in 0..24 {
        stand.post(1_000).await;
        assert_eq!(drain.drain_once().await.unwrap(), Drained::Empty);
    }
    assert_eq!(
        (stand.outbox_depth().await, stand.unpublished().await),
        (0, 24_000)
    );
    drop(drain);
    let _worker = stand.worker().start(&["--relay"]);
    let mut versions: Vec<i64> = Vec::new();
    eventually_true(4 * SOON, "all is published", async || {
        let messages = stand.vhost.take(&tap).await;
        let version = |message: &testbed::rabbitmq::Message| {
            message.json()["data"]["source_version"].as_i64().unwrap()
        };
        versions.extend(messages.iter().map(version));
        versions.len() >= 24_000
    })
    .await;
    let dense: Vec<i64> = (2..).take(24_000).collect();
    assert!(versions == dense, "they are in order, each once");
    stand.await_published(SOON).await;
}
