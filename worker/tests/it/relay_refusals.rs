//! A relay whose broker does not take everything.

use std::time::{Duration, Instant};

use remit_worker::drain::Drain;
use serde_json::Value;
use testbed::poll::{SOON, eventually_true};
use uuid::Uuid;

use crate::relay::{ids, leading, relay};
use crate::stand::{NOTIFICATIONS, Stand};

/// How long a consumer's queue may hold up what it refuses, and some more.
const PATIENCE: Duration = Duration::from_secs(20);
const FREEZE: &str = "select remit_ops_v1.wallet_freeze(1, $1, 'a test')";
const UNFREEZE: &str = "select remit_ops_v1.wallet_unfreeze(1, $1, 'a test')";

/// What the broker has not confirmed, by type. What operators do is left out.
async fn left(stand: &Stand) -> Vec<String> {
    let query = "
        select e.type
          from remit.cursors c, remit.log_slice(c.ledger_id, c.position, remit.log_position(c.ledger_id)) e
         where c.channel = 'broker' and e.type <> 'operator.acted'
         order by e.position";
    let rows = stand.dba.query(query, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Steps until so many events are left.
async fn drain_to(stand: &Stand, drain: &mut Drain, count: usize) {
    eventually_true(SOON, "the relay publishes", async || {
        drain.drain_once().await.unwrap();
        stand.unpublished().await == count
    })
    .await;
}

fn of_wallet(events: &[Value], wallet: Uuid) -> Vec<&str> {
    let wallet = wallet.to_string();
    let is_its = |event: &&Value| {
        let data = &event["data"];
        [&event["subject"], &data["source_id"], &data["target_id"]]
            .contains(&&Value::from(&*wallet))
    };
    let types = events.iter().filter(is_its);
    types.map(|event| event["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_consumer_s_full_queue_holds_up_only_the_wallets_whose_events_it_refuses() {
    let stand = Stand::new().await;
    let tap = stand.tap().await;
    let others = stand.others().await;
    let mut drain = leading(&relay(&stand)).await;
    let narrow = stand
        .vhost
        .narrow_tap("remit.events", "wallet.frozen", 1)
        .await;
    stand.dba.execute(FREEZE, &[&others[0]]).await.unwrap();
    stand.dba.execute(UNFREEZE, &[&others[0]]).await.unwrap();
    drain_to(&stand, &mut drain, 0).await;

    let held = stand.wallets[0];
    stand.dba.execute(FREEZE, &[&held]).await.unwrap();
    stand.dba.execute(UNFREEZE, &[&held]).await.unwrap();
    drain_to(&stand, &mut drain, 2).await;
    stand.post(2).await;
    for count in 1..=3 {
        assert!(stand.post_one(&stand.connect_server().await, others).await);
        // They pass by: the cursor waits, and the tap has them.
        eventually_true(SOON, "other wallets go on", async || {
            drain.drain_once().await.unwrap();
            let messages = stand.vhost.messages(&tap).await.unwrap();
            let events: Vec<Value> = messages.iter().map(|message| message.json()).collect();
            of_wallet(&events, others[1]).len() == count
        })
        .await;
    }
    let waits = [
        "wallet.frozen",
        "wallet.unfrozen",
        "transfer.posted",
        "transfer.posted",
    ];
    assert_eq!(left(&stand).await[..4], waits);

    stand.vhost.take(&narrow).await;
    drain_to(&stand, &mut drain, 0).await;
    let events = stand.await_events(&tap, 9).await;
    // What came behind it in its batch was published with it, and after it again.
    let mut seen = of_wallet(&events, held);
    let refused = seen
        .iter()
        .filter(|kind| **kind == "remit.wallet.frozen")
        .count();
    assert!((2..=6).contains(&refused), "{seen:?}");
    seen.drain(..seen.len() - 4);
    let waits = waits.map(|kind| format!("remit.{kind}"));
    assert_eq!(seen, waits);
    assert_eq!(of_wallet(&events, others[0]).len(), 5);
    stand.assert_logged(9).await;
}

#[tokio::test]
async fn a_consumer_s_full_queue_cannot_stop_the_relay() {
    let stand = Stand::new().await;
    let tap = stand.tap().await;
    let narrow = stand.vhost.narrow_tap("remit.events", "#", 5).await;
    let worker = stand.worker().start(&["--relay"]);
    stand.post(510).await;
    stand.await_published(PATIENCE).await;
    assert_eq!(worker.said("interrupted"), [Value::Null; 0]);
    let events = stand.await_events(&tap, 510).await;
    assert_eq!(ids(&events).len(), 510);
    // Each once, each again because it was refused, and one at a time in between.
    assert!(events.len() <= 2 * 510 + 20, "{}", events.len());
    assert_eq!(stand.vhost.depth(&narrow).await, 5);
    assert_eq!(
        ids(&stand.await_events(NOTIFICATIONS, 510).await).len(),
        510
    );

    let start = Instant::now();
    stand.post(1).await;
    stand.await_published(SOON).await;
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "later events are not held up"
    );
    stand.assert_logged(513).await;
}

#[tokio::test]
async fn what_remit_s_own_queue_refuses_waits_and_is_published_once_it_takes_it() {
    let stand = Stand::new().await;
    let mut drain = leading(&relay(&stand)).await;
    drain_to(&stand, &mut drain, 0).await;
    stand.vhost.limit(NOTIFICATIONS, Some(5)).await;
    // The queue notices a moment later that it is full.
    eventually_true(SOON, "a refusal", async || {
        stand.post(5).await;
        drain.drain_once().await.unwrap();
        let held = &drain.publisher.as_ref().unwrap().held;
        held.is_waiting()
    })
    .await;
    let until = Instant::now() + Duration::from_secs(12);
    while Instant::now() < until {
        drain.drain_once().await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(stand.unpublished().await > 0);

    stand.vhost.limit(NOTIFICATIONS, None).await;
    drain_to(&stand, &mut drain, 0).await;
    let query = "select count(*) from remit.transfers";
    let transfers: i64 = stand.dba.query_one(query, &[]).await.unwrap().get(0);
    let queued = stand.vhost.messages(NOTIFICATIONS).await.unwrap();
    let events: Vec<Value> = queued.iter().map(|message| message.json()).collect();
    // Those of the initial balances were behind the cursor.
    assert_eq!(ids(&events).len(), usize::try_from(transfers).unwrap() - 2);
}

#[tokio::test]
async fn an_event_that_the_broker_never_takes_is_set_aside_and_others_go_on() {
    let stand = Stand::new().await;
    let tap = stand.tap().await;
    // The broker takes messages up to 1 MiB.
    let too_large = "
        insert into remit.outbox (ledger_id, types, subject_ids, data, created_at)
        values (1, '{wallet.frozen}', array[$1::uuid], jsonb_build_object('x', repeat('x', 2000000)), now())";
    stand.lift_the_bounds_of_the_outbox().await;
    stand.post(1).await;
    let inserted = stand.dba.execute(too_large, &[&stand.wallets[0]]).await;
    inserted.unwrap();
    stand.post(1).await;
    let worker = stand.worker().start(&["--relay"]);
    stand.await_published(4 * SOON).await;
    let said = worker.await_said("event set aside", 1).await;
    let listed = "select event_id::text, reason, (remit_ops_v1.standstill()).events_aside from remit_ops_v1.events_aside()";
    let rows = stand.dba.query(listed, &[]).await.unwrap();
    assert!(rows.len() == 1 && rows[0].get::<_, i32>(2) == 1);
    assert_eq!(said[0]["event_id"], rows[0].get::<_, &str>(0));
    assert!(rows[0].get::<_, &str>(1).contains("PRECONDITION"));
    stand.post(1).await;
    stand.await_published(SOON).await;
    assert_eq!(ids(&stand.await_events(&tap, 3).await).len(), 3);
    assert_eq!(worker.said("event set aside").len(), 1);
    assert_eq!(worker.said("interrupted"), [Value::Null; 0]);
}

#[tokio::test]
async fn an_event_that_may_not_be_published_holds_up_its_own_wallet_alone() {
    let stand = Stand::new().await;
    let tap = stand.tap().await;
    stand
        .vhost
        .permit_keys("remit.events", "^transfer[.]")
        .await;
    let others = stand.others().await;
    let held = stand.wallets[0];
    stand.dba.execute(FREEZE, &[&held]).await.unwrap();
    stand.dba.execute(UNFREEZE, &[&held]).await.unwrap();
    stand.post(1).await;
    assert!(stand.post_one(&stand.connect_server().await, others).await);
    let mut drain = leading(&relay(&stand)).await;
    eventually_true(SOON, "other wallets go on", async || {
        drain.drain_once().await.unwrap();
        !stand.vhost.messages(&tap).await.unwrap().is_empty()
    })
    .await;
    let waits = ["wallet.frozen", "wallet.unfrozen", "transfer.posted"];
    assert_eq!(left(&stand).await[..3], waits);

    stand.vhost.permit_keys("remit.events", ".*").await;
    drain_to(&stand, &mut drain, 0).await;
    let events = stand.await_events(&tap, 4).await;
    let waits = waits.map(|kind| format!("remit.{kind}"));
    assert!(of_wallet(&events, held).ends_with(&waits.each_ref().map(String::as_str)));
}
