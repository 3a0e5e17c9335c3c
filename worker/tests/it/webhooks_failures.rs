//! Webhooks that fail, are dead, come back, or are sent the past again.

use std::time::Duration;

use testbed::poll::{SOON, eventually_true};

use crate::receiver::{Receiver, Reply, drip};
use crate::stand::{Stand, wallet};
use crate::webhooks::{
    assert_in_order, call, failures, post_between, start, subscribe, told, wait_is_over,
};

#[tokio::test]
async fn what_fails_holds_up_its_wallets_alone_and_is_set_aside_while_others_succeed() {
    let stand = Stand::new().await;
    let receiver = Receiver::start().await;
    let [source, target] = stand.wallets;
    let others = [wallet(&stand.dba).await, wallet(&stand.dba).await];
    let id = subscribe(&stand, &receiver.url()).await;
    receiver.answer(move |message| {
        let is_first =
            message.body["data"]["source_version"] == 2 && message.versions()[0].0 == source;
        Reply::of(if is_first { 500 } else { 200 })
    });
    let _worker = start(&stand, &[]);
    post_between(&stand, [source, target], 3).await;
    post_between(&stand, others, 5).await;
    eventually_true(SOON, "one failed and two wait behind it", async || {
        let counts = failures(&stand, id).await;
        let counts: Vec<i32> = counts.iter().map(|failure| failure.1).collect();
        counts == [1, 0, 0]
    })
    .await;
    receiver.await_transfers(1 + 5).await;
    for attempts in 2..=8 {
        wait_is_over(&stand).await;
        post_between(&stand, others, 1).await;
        let what = format!("attempt {attempts}");
        eventually_true(SOON, &what, async || {
            failures(&stand, id)
                .await
                .first()
                .is_some_and(|failure| failure.1 == attempts)
        })
        .await;
        receiver
            .await_transfers(1 + 5 + attempts as usize - 1)
            .await;
    }
    // It is set aside, and the two behind it go on.
    eventually_true(SOON, "one is set aside", async || {
        let failures = failures(&stand, id).await;
        failures.len() == 1 && failures[0].2
    })
    .await;
    receiver.answer(|_| Reply::of(200));
    let query = "select remit_v1.webhook_failure_retry(1, $1, f.position, 'a test')
                   from remit_v1.webhook_failure_list(1, $1, null, 1) f";
    stand.dba.execute(query, &[&id]).await.unwrap();
    eventually_true(SOON, "it was taken", async || {
        failures(&stand, id).await.is_empty()
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_was_off_gets_all_in_order_and_one_that_is_gone_is_disabled() {
    let stand = Stand::new().await;
    let receiver = Receiver::start().await;
    let id = subscribe(&stand, &receiver.url()).await;
    receiver.answer(|_| Reply::of(503));
    let _worker = start(&stand, &[]);
    for wallets in [stand.wallets, [stand.wallets[1], stand.wallets[0]]] {
        post_between(&stand, wallets, 25).await;
    }
    for _ in 0..20 {
        let wallets = [wallet(&stand.dba).await, stand.wallets[0]];
        post_between(&stand, wallets, 1).await;
    }
    eventually_true(SOON, "it fails", async || {
        !failures(&stand, id).await.is_empty()
    })
    .await;
    assert!(told(&stand, id, "failing_since").await.is_some());
    receiver.answer(|_| Reply::of(200));
    wait_is_over(&stand).await;
    let messages = receiver.await_transfers(50 + 20 + 20).await;
    assert_in_order(&messages);
    eventually_true(SOON, "nothing is left", async || {
        failures(&stand, id).await.is_empty()
    })
    .await;
    assert_eq!(told(&stand, id, "failing_since").await, None);

    receiver.answer(|_| Reply::of(410));
    stand.post(1).await;
    eventually_true(SOON, "it is disabled", async || {
        told(&stand, id, "status").await.as_deref() == Some("disabled")
    })
    .await;
    let count = receiver.messages().len();
    stand.post(3).await;
    call(&stand, "webhook_ping", id).await;
    eventually_true(SOON, "a ping comes all the same", async || {
        told(&stand, id, "ping_status").await.as_deref() == Some("410")
    })
    .await;
    assert_eq!(receiver.messages().len(), count + 1);
    receiver.answer(|_| Reply::of(200));
    call(&stand, "webhook_enable", id).await;
    receiver.await_transfers(90 + 4).await;
}

#[tokio::test]
async fn dead_endpoints_do_not_delay_a_live_one() {
    let stand = Stand::new().await;
    // They accept and say nothing, or a byte a second.
    let slow = drip("HTTP/1.1 200 OK\r\n\r\n").await;
    let ledgers =
        "insert into remit.ledgers (ledger_id, name) select n, 'x' from generate_series(2, 6) n";
    stand.dba.execute(ledgers, &[]).await.unwrap();
    let make =
        "select remit_v1.webhook_create(l, row($1, null, null)::remit_v1.webhook_request, 'a test')
                  from generate_series(2, 6) l, generate_series(1, 20)";
    let url = format!("http://127.0.0.1:{slow}/");
    stand.dba.execute(make, &[&url]).await.unwrap();
    let receiver = Receiver::start().await;
    subscribe(&stand, &receiver.url()).await;
    let _worker = start(&stand, &[]);
    eventually_true(SOON, "all of them are tried", async || {
        // Each ledger has the events of its webhooks.
        let query = "select count(*) = 100 from remit.cursors c
                      where c.ledger_id > 1 and c.channel like 'webhook:%' and c.position < remit.log_position(c.ledger_id)";
        stand.dba.query_one(query, &[]).await.unwrap().get(0)
    })
    .await;
    for round in 1..=5 {
        let start = std::time::Instant::now();
        stand.post(1).await;
        receiver.await_transfers(round).await;
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{:?}",
            start.elapsed()
        );
    }
}

#[tokio::test]
async fn a_replay_sends_the_past_again_and_webhooks_flow_without_the_broker() {
    let stand = Stand::new().await;
    let receiver = Receiver::start().await;
    let id = subscribe(&stand, &receiver.url()).await;
    let nobody = stand.vhost.url_at(1);
    let worker = stand.worker().with("REMIT_WEBHOOK_HTTP", "true");
    let worker = worker
        .with("REMIT_WEBHOOK_NETWORKS", "127.0.0.0/8")
        .with("AMQP_URL", nobody);
    let _worker = worker.start(&[]);
    stand.post(5).await;
    receiver.await_transfers(5).await;
    eventually_true(SOON, "the cursor is at the end", async || {
        let query = "select c.position = remit.log_position(1) from remit.cursors c where channel like 'webhook:%'";
        stand.dba.query_one(query, &[]).await.unwrap().get(0)
    })
    .await;
    for (function, count) in [
        (
            "webhook_replay(1, $1, '2000-01-01', null, null, 'a test')",
            12,
        ),
        (
            "webhook_replay(1, $1, '2000-01-01', null, '{transfer.posted}', 'a test')",
            19,
        ),
        (
            "webhook_replay(1, $1, '2000-01-01', now(), '{key.created}', 'a test')",
            21,
        ),
    ] {
        // Those of the wallets' initial balances come too: they were before the webhook.
        let replay = format!("select remit_v1.{function}");
        stand.dba.execute(&replay, &[&id]).await.unwrap();
        let what = format!("{count} messages after {function}");
        eventually_true(SOON, &what, async || receiver.messages().len() == count).await;
        eventually_true(SOON, "the replay ends", async || {
            let query = "select w.replay_to is null and w.position = remit.log_position(1) from remit_v1.webhook_get(1, $1) w";
            stand.dba.query_one(query, &[&id]).await.unwrap().get(0)
        })
        .await;
    }
    assert_eq!(receiver.messages().len(), 21, "and no more");
}
