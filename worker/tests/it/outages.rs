//! Servers that go away and come back.

use std::time::Duration;

use testbed::poll::{SOON, eventually_true};
use testbed::proxy::Proxy;

use crate::stand::{DEAD, Stand};

/// A worker works again so soon after a server is back.
const RECOVERY_MAX: Duration = Duration::from_secs(5);

async fn await_recovery(stand: &Stand, count: usize) {
    eventually_true(RECOVERY_MAX, "recovery", async || {
        stand.recorded().await.len() == count
    })
    .await;
}

#[tokio::test]
async fn the_broker_goes_away_and_comes_back() {
    let stand = Stand::new().await;
    let proxy = Proxy::start(stand.vhost.port());
    let worker = stand
        .worker()
        .with("AMQP_URL", stand.vhost.url_at(proxy.port))
        .start(&[]);
    stand.post(2).await;
    stand.await_recorded(2).await;
    proxy.close().await;
    stand.post(3).await;
    worker.await_interrupted("relay", 4).await;
    worker.await_interrupted("notifier", 4).await;
    // The log has them already.
    assert_eq!(
        (stand.outbox_depth().await, stand.unpublished().await),
        (0, 3)
    );
    proxy.resume();
    await_recovery(&stand, 5).await;
    // A notification may be quicker than the cursor.
    stand.await_published(SOON).await;
}

#[tokio::test]
async fn the_broker_hangs_and_goes_on() {
    let stand = Stand::new().await;
    let proxy = Proxy::start(stand.vhost.port());
    let worker = stand
        .worker()
        .with("AMQP_URL", stand.vhost.url_at(proxy.port))
        .start(&["--relay"]);
    stand.post(2).await;
    worker.await_said("event published", 2).await;
    proxy.hang();
    for _ in 0..3 {
        stand.post(1).await;
        // While the batch in hand stays unconfirmed, which may take 10 s, the log grows.
        eventually_true(Duration::from_secs(2), "the log has it", async || {
            stand.outbox_depth().await == 0
        })
        .await;
    }
    // Then new connections do not open.
    worker.await_interrupted("relay", 2).await;
    assert_eq!(stand.unpublished().await, 3);
    proxy.resume();
    stand.await_published(RECOVERY_MAX).await;
}

#[tokio::test]
async fn postgresql_goes_away_and_comes_back_without_a_failed_delivery() {
    let stand = Stand::new().await;
    let proxy = Proxy::start(stand.database.port());
    let url = stand.database.url_at("remit_worker", proxy.port);
    let notifier = stand
        .worker()
        .with("DATABASE_URL", url)
        .start(&["--notifier"]);
    let relay = stand.worker().start(&["--relay"]);
    stand.post(2).await;
    stand.await_recorded(2).await;
    proxy.close().await;
    stand.post(3).await;
    relay.await_said("event published", 5).await;
    notifier.await_interrupted("notifier's records", 4).await;
    proxy.resume();
    await_recovery(&stand, 5).await;
    assert!(
        stand
            .recorded()
            .await
            .iter()
            .all(|(_, attempts)| *attempts == 1)
    );
    assert!(notifier.said("notification failed").is_empty());
    assert_eq!(stand.vhost.depth(DEAD).await, 0);
}

#[tokio::test]
async fn a_worker_that_waits_for_its_servers_ends_when_it_is_asked_to() {
    let stand = Stand::new().await;
    let nobody = testbed::port::free_port();
    let worker = stand.worker().with("AMQP_URL", stand.vhost.url_at(nobody));
    let mut worker = worker.start(&[]);
    worker.await_interrupted("relay", 2).await;
    worker.signal("INT");
    assert_eq!(worker.ended().await.code(), Some(0));
}
