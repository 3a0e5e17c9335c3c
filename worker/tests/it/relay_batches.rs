//! A relay with more events than it publishes at a time.

use remit_worker::drain::{Drain, Drained};
use remit_worker::error::Error;
use remit_worker::relay::Relay;

use crate::relay::{POST_ONE, ids, leading, leading_again, relay};
use crate::stand::{Stand, wallet};

#[tokio::test]
async fn a_batch_is_removed_while_the_next_one_is_published_and_a_late_commit_is_not_passed_over() {
    let stand = Stand::new().await;
    let tap = stand.tap().await;
    let mut others = [
        stand.database.connect().await,
        stand.database.connect().await,
    ];
    let mut late = Vec::new();
    for other in &mut others {
        let [source, target] = [wallet(&stand.dba).await, wallet(&stand.dba).await];
        let open = other.transaction().await.unwrap();
        open.query_one(POST_ONE, &[&source, &target]).await.unwrap();
        late.push(open);
    }
    stand.post(700).await;
    stand.post(600).await;

    let mut drain = leading(&relay(&stand)).await;
    assert_eq!(drain.drain_once().await.unwrap(), Drained::Events(500));
    assert_eq!(stand.outbox_depth().await, 1_306);
    late.remove(0).commit().await.unwrap();
    assert_eq!(drain.drain_once().await.unwrap(), Drained::Events(500));
    assert_eq!(stand.outbox_depth().await, 807);
    // Open while the first batch was removed.
    late.remove(0).commit().await.unwrap();
    assert_eq!(drain.drain_once().await.unwrap(), Drained::Events(307));
    assert_eq!(stand.outbox_depth().await, 1);
    assert_eq!(drain.drain_once().await.unwrap(), Drained::Events(1));
    assert_eq!(drain.drain_once().await.unwrap(), Drained::Empty);
    assert_eq!(stand.outbox_depth().await, 0);

    let events = stand.await_events(&tap, 1_308).await;
    assert_eq!(events.len(), 1_308);
    assert_eq!(ids(&events).len(), 1_308);
    stand.assert_chained(1_308).await;
}

/// A relay with 1,502 events that has published 500, not removed them yet, and read those after
/// them.
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
async fn a_relay_that_ends_or_loses_the_broker_removes_what_it_has_published() {
    let (stand, relay, drain) = with_a_batch_published().await;
    drain.finish().await.unwrap();
    assert_eq!(stand.outbox_depth().await, 1_002);

    let mut drain = leading_again(&relay).await;
    assert_eq!(drain.drain_once().await.unwrap(), Drained::Events(500));
    drain
        .publisher
        .broker
        .channel
        .close(200, "".into())
        .await
        .unwrap();
    let lost = drain.drain_once().await;
    assert!(matches!(lost, Err(Error::Disconnected)), "{lost:?}");
    assert_eq!(stand.outbox_depth().await, 502);
}
