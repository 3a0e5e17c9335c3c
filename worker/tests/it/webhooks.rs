//! Webhooks: what is sent, in which order, and what becomes of what fails.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use remit::types::MasterSecret;
use standardwebhooks::Webhook;
use testbed::poll::{SOON, eventually, eventually_true};
use testbed::program::{Process, WEBHOOK_SECRET};
use uuid::Uuid;

use crate::receiver::{Message, Receiver};
use crate::stand::{Stand, wallet};

/// What a webhook of loopback and plain http needs.
pub fn start(stand: &Stand, arguments: &[&str]) -> Process {
    let worker = stand.worker().with("REMIT_WEBHOOK_HTTP", "true");
    let worker = worker.with("REMIT_WEBHOOK_NETWORKS", "127.0.0.0/8");
    worker.start(arguments)
}

/// Makes a webhook for transfers that are posted from now on.
pub async fn subscribe(stand: &Stand, url: &str) -> Uuid {
    let append = "select from remit_worker_v1.outbox_append(10000, 0, '{}')";
    stand.dba.execute(append, &[]).await.unwrap();
    let query = "select (remit_v1.webhook_create(
                     1, row($1, array['transfer.posted'], null)::remit_v1.webhook_request, 'a test')).id";
    stand.dba.query_one(query, &[&url]).await.unwrap().get(0)
}

pub async fn call(stand: &Stand, function: &str, id: Uuid) {
    let query = format!("select remit_v1.{function}(1, $1, 'a test')");
    stand.dba.execute(&query, &[&id]).await.unwrap();
}

/// A column of a webhook, as text.
pub async fn told(stand: &Stand, id: Uuid, column: &str) -> Option<String> {
    let query = format!("select {column}::text from remit_v1.webhook_get(1, $1)");
    stand.dba.query_one(&query, &[&id]).await.unwrap().get(0)
}

/// Position, attempts and whether it is set aside of each event that failed.
pub async fn failures(stand: &Stand, id: Uuid) -> Vec<(i64, i32, bool)> {
    let query =
        "select position, attempts, is_aside from remit_v1.webhook_failure_list(1, $1, null, 1000)";
    let rows = stand.dba.query(query, &[&id]).await.unwrap();
    rows.iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect()
}

/// Lets the next attempts of all that failed be now, as after the time of the schedule.
pub async fn wait_is_over(stand: &Stand) {
    let update = "with w as (update remit.webhooks set revision = revision + 1)
                  update remit.webhook_failures set next_at = clock_timestamp()";
    stand.dba.execute(update, &[]).await.unwrap();
}

/// Posts transfers between the two wallets in calls of their own: a wallet has many versions.
pub async fn post_between(stand: &Stand, wallets: [Uuid; 2], count: usize) {
    for _ in 0..count {
        let query = "select remit_v1.transfers_post(1, array[
                         row(gen_random_uuid(), $1::uuid, $2::uuid, 1, null, null, null, null)::remit_v1.transfer_request])";
        stand
            .dba
            .execute(query, &[&wallets[0], &wallets[1]])
            .await
            .unwrap();
    }
}

/// Asserts that the first message of each event came in the order of its wallets' versions.
pub fn assert_in_order(messages: &[Message]) {
    let (mut seen, mut last) = (BTreeSet::new(), HashMap::new());
    for message in messages.iter().filter(|message| seen.insert(message.id())) {
        for (wallet, version) in message.versions() {
            let before = last.insert(wallet, version).unwrap_or(0);
            assert!(before < version, "{wallet}: {version} after {before}");
        }
    }
}

#[tokio::test]
async fn each_event_is_posted_once_signed_and_in_order_per_wallet() {
    let stand = Stand::new().await;
    let receiver = Receiver::start().await;
    let id = subscribe(&stand, &receiver.url()).await;
    let _worker = start(&stand, &[]);
    let [source, target] = stand.wallets;
    let third = wallet(&stand.dba).await;
    tokio::join!(
        post_between(&stand, [source, target], 20),
        post_between(&stand, [third, target], 20),
    );
    // The third wallet's initial balance is a transfer too.
    let messages = receiver.await_transfers(41).await;
    assert_eq!(messages.len(), 41);
    assert_in_order(&messages);
    let master = MasterSecret::parse(WEBHOOK_SECRET).unwrap();
    let library = Webhook::new(&master.secret(1, id, 1).text()).unwrap();
    for message in &messages {
        let headers = headers(message);
        library.verify(&message.raw, &headers).unwrap();
        assert_eq!(message.body["id"], message.headers["webhook-id"]);
        assert_eq!(message.body["source"], "/ledgers/1");
        assert_eq!(message.headers["content-type"], "application/json");
    }
    let other = Webhook::new(&master.secret(1, id, 2).text()).unwrap();
    assert!(
        other
            .verify(&messages[0].raw, &headers(&messages[0]))
            .is_err()
    );
    eventually_true(SOON, "the cursor is at the end", async || {
        let query = "select c.position = remit.log_position(1) from remit.cursors c where channel like 'webhook:%'";
        stand.dba.query_one(query, &[]).await.unwrap().get(0)
    })
    .await;
    assert_eq!(
        told(&stand, id, "outcome").await.as_deref(),
        Some("delivered")
    );
    assert_eq!(failures(&stand, id).await, []);
}

fn headers(message: &Message) -> hyper::HeaderMap {
    let headers = message.headers.iter();
    headers
        .map(|(name, value)| {
            (
                name.parse::<hyper::header::HeaderName>().unwrap(),
                value.parse().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn during_a_rotation_both_secrets_verify() {
    let stand = Stand::new().await;
    let receiver = Receiver::start().await;
    let id = subscribe(&stand, &receiver.url()).await;
    let _worker = start(&stand, &[]);
    call(&stand, "webhook_rotate", id).await;
    stand.post(1).await;
    let message = receiver.await_transfers(1).await.remove(0);
    let verified = |message: &Message| {
        let master = MasterSecret::parse(WEBHOOK_SECRET).unwrap();
        [1, 2, 3].map(|generation| {
            let library = Webhook::new(&master.secret(1, id, generation).text()).unwrap();
            library.verify(&message.raw, &headers(message)).is_ok()
        })
    };
    assert_eq!(verified(&message), [true, true, false]);
    // A day later.
    let past = "update remit.webhooks set previous_until = now(), revision = revision + 1";
    stand.dba.execute(past, &[]).await.unwrap();
    stand.post(1).await;
    let message = receiver.await_transfers(2).await.remove(1);
    assert_eq!(verified(&message), [false, true, false]);
}

#[tokio::test]
async fn a_worker_that_is_killed_before_it_records_sends_again_with_the_same_id() {
    let stand = Stand::new().await;
    let receiver = Receiver::start().await;
    let id = subscribe(&stand, &receiver.url()).await;
    // What is to be recorded waits for this lock.
    let blocker = stand.database.connect().await;
    blocker.batch_execute("begin").await.unwrap();
    let mut worker = start(&stand, &["--webhooks"]);
    let relay = stand.worker().start(&["--relay"]);
    worker.await_said("webhooks are sent", 1).await;
    let lock = "select from remit.webhooks for update";
    blocker.batch_execute(lock).await.unwrap();
    stand.post(3).await;
    let first = receiver.await_transfers(1).await;
    worker.kill();
    blocker.batch_execute("rollback").await.unwrap();
    let _other = start(&stand, &["--webhooks"]);
    let all = receiver.await_transfers(3).await;
    let again = eventually(SOON, "the first comes again", async || {
        let messages = receiver.messages();
        let same = messages
            .iter()
            .filter(|message| message.id() == first[0].id());
        (same.count() >= 2).then_some(messages)
    })
    .await;
    assert_in_order(&all);
    let mut bodies: BTreeMap<Uuid, BTreeSet<Vec<u8>>> = BTreeMap::new();
    for message in again {
        bodies.entry(message.id()).or_default().insert(message.raw);
    }
    assert!(
        bodies.values().all(|bodies| bodies.len() == 1),
        "the same bytes"
    );
    assert_eq!(failures(&stand, id).await, []);
    drop(relay);
}
