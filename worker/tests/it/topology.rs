use crate::stand::{DEAD, NOTIFICATIONS, Stand};

#[tokio::test]
async fn the_topology_is_the_same_on_each_start_whatever_the_settings() {
    let stand = Stand::new().await;
    let settings = [("1", "10"), ("10", "60000")];
    for (attempts_max, backoff_ms) in settings {
        let worker = stand.worker();
        let worker = worker.with("NOTIFY_ATTEMPTS_MAX", attempts_max);
        let mut worker = worker.with("NOTIFY_BACKOFF_MS", backoff_ms).start(&[]);
        worker.await_said("relay leads", 1).await;
        worker.await_said("notifier consumes", 1).await;
        assert!(worker.said("interrupted").is_empty());
        worker.kill();
    }
}

#[tokio::test]
async fn no_queue_drops_a_message() {
    let stand = Stand::new().await;
    let worker = stand.worker().start(&["--notifier"]);
    worker.await_said("notifier consumes", 1).await;
    let delay = |number: u32| format!("{NOTIFICATIONS}.delay.{number}");
    let nexts = [
        (NOTIFICATIONS.to_owned(), DEAD),
        (delay(1), NOTIFICATIONS),
        (delay(9), NOTIFICATIONS),
        (DEAD.to_owned(), ""),
    ];
    for (queue, next) in nexts {
        let described = stand.vhost.describe("queues", &queue).await;
        let arguments = &described["arguments"];
        assert_eq!(described["durable"], true, "{queue}");
        assert_eq!(arguments["x-queue-type"], "quorum", "{queue}");
        assert_eq!(arguments["x-overflow"], "reject-publish", "{queue}");
        if !next.is_empty() {
            assert_eq!(arguments["x-dead-letter-routing-key"], next, "{queue}");
            assert_eq!(
                arguments["x-dead-letter-strategy"], "at-least-once",
                "{queue}"
            );
        }
    }
}

#[tokio::test]
async fn a_worker_of_another_instance_refuses_to_start_and_says_why() {
    let (stand, mut other) = (Stand::new().await, Stand::new().await);
    let other_id = "update remit.cache set instance_id = gen_random_uuid()";
    other.dba.execute(other_id, &[]).await.unwrap();
    let worker = stand.worker().start(&[]);
    worker.await_said("relay leads", 1).await;
    worker.await_said("notifier consumes", 1).await;
    other.vhost = stand.vhost;
    other.post(2).await;
    for part in ["--relay", "--notifier"] {
        let mut refused = other.worker().start(&[part]);
        assert!(!refused.ended().await.success(), "{part}");
        let said = refused.said("refused")[0]["error"].to_string();
        assert!(said.contains("remit.notifications.instance"), "{said}");
    }
    assert_eq!(other.unpublished().await, 2);
}
