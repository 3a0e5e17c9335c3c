use serde_json::json;
use testbed::poll::{SOON, eventually_true};
use uuid::Uuid;

use crate::stand::{DEAD, NOTIFICATIONS, Stand, cloud_event};

#[tokio::test]
async fn each_event_is_delivered_and_recorded_once() {
    let stand = Stand::new().await;
    let worker = stand.worker().start(&[]);
    let transfers = stand.post(20).await;
    let recorded = stand.await_recorded(20).await;
    for id in transfers {
        assert!(recorded.contains(&(id, 1)), "{id}");
    }
    eventually_true(SOON, "all is acknowledged", async || {
        stand.vhost.depth(NOTIFICATIONS).await == 0
    })
    .await;
    assert_eq!(recorded.len(), 20);
    assert_eq!(worker.said("notification delivered").len(), 20);
    let row = stand
        .dba
        .query_one(
            "select channel, type from remit.notifications where subject_id = $1",
            &[&recorded[19].0],
        )
        .await
        .unwrap();
    assert_eq!(row.get::<_, &str>(0), "log");
    assert_eq!(row.get::<_, &str>(1), "transfer.posted");
}

#[tokio::test]
async fn duplicates_are_dropped() {
    let stand = Stand::new().await;
    let worker = stand.worker().start(&["--notifier"]);
    worker.await_said("notifier consumes", 1).await;
    let (twice, marker) = (Uuid::new_v4(), Uuid::new_v4());
    // In one batch or in several, depending on the moment.
    for id in [twice, twice, twice, marker] {
        stand
            .vhost
            .publish("", NOTIFICATIONS, json!({}), &cloud_event(id))
            .await;
    }
    let lines = worker.await_said("notification delivered", 2).await;
    let delivered: Vec<_> = lines
        .iter()
        .map(|line| line["event_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(delivered, [twice.to_string(), marker.to_string()]);
    assert_eq!(stand.await_recorded(2).await.len(), 2);
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_later_and_recorded_with_its_attempts() {
    let stand = Stand::new().await;
    let worker = stand
        .worker()
        .with("NOTIFY_FAIL_RATE", 0.5)
        .with("NOTIFY_BACKOFF_MS", 5);
    let worker = worker.start(&[]);
    stand.post(40).await;
    let ends = async || stand.recorded().await.len() + stand.vhost.depth(DEAD).await;
    eventually_true(SOON, "an end of each", async || ends().await == 40).await;
    let recorded = stand.recorded().await;
    // None of 40 failing at first, or all of them for good, is less likely than a broken machine.
    assert!(recorded.iter().any(|(_, attempts)| *attempts > 1));
    assert!(!worker.said("notification failed").is_empty());
}

#[tokio::test]
async fn a_message_that_cannot_be_decoded_is_dead_at_once_and_holds_up_no_one() {
    let stand = Stand::new().await;
    let worker = stand.worker().start(&["--notifier"]);
    worker.await_said("notifier consumes", 1).await;
    // An expiration would delete it from the dead letters; a foreign user would be refused there.
    let hostile = json!({"message_id": "x", "expiration": "60000", "headers": {"x-attempt": "no", "CC": [NOTIFICATIONS]}});
    stand
        .vhost
        .publish("", NOTIFICATIONS, hostile, b"\xff\x00{")
        .await;
    stand
        .vhost
        .publish("", NOTIFICATIONS, json!({}), &cloud_event(Uuid::new_v4()))
        .await;
    stand.await_recorded(1).await;
    eventually_true(SOON, "a dead letter", async || {
        stand.vhost.depth(DEAD).await >= 1
    })
    .await;

    let dead = stand.vhost.messages(DEAD).await.unwrap();
    assert_eq!(dead[0].body, b"\xff\x00{");
    assert_eq!(dead[0].property("message_id"), "x");
    assert_eq!(dead[0].property("expiration"), "");
    assert_eq!(dead[0].header("x-dead-reason"), "not JSON");
    assert_eq!(dead[0].header("x-attempt"), 1);
    assert!(worker.lines().iter().all(|line| line.get("body").is_none()));
}

#[tokio::test]
async fn a_terminated_notifier_gives_back_what_it_has_not_delivered() {
    let stand = Stand::new().await;
    let mut worker = stand.worker().start(&["--notifier"]);
    worker.await_said("notifier consumes", 1).await;
    let ids: Vec<Uuid> = (0..300).map(|_| Uuid::new_v4()).collect();
    for (place, id) in ids.iter().enumerate() {
        stand
            .vhost
            .publish("", NOTIFICATIONS, json!({}), &cloud_event(*id))
            .await;
        if place == 150 {
            worker.signal("TERM");
        }
    }
    assert_eq!(worker.ended().await.code(), Some(0));
    assert_eq!(worker.said("notifier stopped").len(), 1);
    let recorded = stand.recorded().await.len();
    let delivered = worker.said("notification delivered").len();
    assert_eq!(delivered, recorded);
    let queued = stand
        .await_events(NOTIFICATIONS, ids.len() - recorded)
        .await;
    assert_eq!(queued.len(), ids.len() - recorded);
}
