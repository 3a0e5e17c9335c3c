//! Groups and bulks of a server that is killed after PostgreSQL has committed them and before its
//! client has heard of it. The client sends the same again, to another server.

use serde_json::{Value, json};
use testbed::http::{Answer, Http};
use testbed::poll::{SOON, eventually_true};
use testbed::proxy::Proxy;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::gate::Gate;
use crate::stack::Stack;

const ITEMS: usize = 1_000;

/// Sends a POST that gets no answer, with a key if it needs one.
fn post(http: &Http, path: &str, key: Option<&str>, body: &Value) -> JoinHandle<bool> {
    let (http, path, body) = (http.clone(), path.to_owned(), body.to_string());
    let key = key.map(str::to_owned);
    tokio::spawn(async move {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(key.as_deref().map(|key| ("idempotency-key", key)));
        let sent = http.try_send(hyper::Method::POST, &path, &headers, body);
        sent.await.is_err()
    })
}

/// Waits until the journal has so many rows beside the initial balance of a wallet.
async fn committed(stack: &Stack, rows: usize) {
    let expected = i64::try_from(rows).expect("it is small") + 1;
    eventually_true(SOON, "all of it has committed", async || {
        stack.count("transfers").await >= expected
    })
    .await;
}

/// The parts of an answer to a bulk.
fn results(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let results = answer.json()["results"].as_array().cloned();
    results.expect("it has results")
}

/// Asserts that each of a thousand was moved once, and told of once.
async fn assert_moved_once(stack: &Stack, source: Uuid, target: Uuid) {
    let http = &stack.http;
    let balances = (http.balance(source).await, http.balance(target).await);
    assert_eq!(balances, (0, 1_000));
    assert_eq!(stack.count("transfers").await, 1_001);
    assert_eq!(stack.journal_events().await, 1_001);
    stack.verify().await;
}

fn bulk_of_a_thousand(source: Uuid, target: Uuid) -> Value {
    let item = |n: usize| json!({"id": format!("payout-{n}"), "source_id": source, "target_id": target, "amount": 1});
    json!({"transfers": (0..ITEMS).map(item).collect::<Vec<_>>()})
}

#[tokio::test]
async fn kill_9_between_commit_and_answer_of_a_bulk_of_1000_and_the_same_bulk_replays_whole() {
    let mut stack = Stack::start().await;
    let gate = Gate::behind_transfers_post(&stack).await;
    let (source, target) = (stack.http.wallet(1_000).await, stack.http.wallet(0).await);
    let port = stack.http.base.rsplit(':').next().map(str::to_owned);
    let proxy = Proxy::start(port.and_then(|port| port.parse().ok()).expect("a port"));
    let body = bulk_of_a_thousand(source, target);

    gate.close().await;
    let bulk = post(&Http::new(proxy.port), "/transfers/bulk", None, &body);
    gate.wait_for_call().await;
    // The request is there. From now on the client hears nothing.
    proxy.hang();
    gate.open().await;
    committed(&stack, ITEMS).await;
    stack.server.kill();
    proxy.cut();
    assert!(bulk.await.expect("no panic"), "the bulk has no answer");

    stack.restart_with(&[]).await;
    let again = stack.http.post("/transfers/bulk", &body).await;
    let again = results(&again);
    assert_eq!(again.len(), ITEMS);
    for (n, result) in again.iter().enumerate() {
        assert_eq!(result["id"], format!("payout-{n}"));
        let told = (&result["status"], &result["replayed"]);
        assert_eq!(told, (&json!("posted"), &json!(true)), "{result}");
    }
    assert_moved_once(&stack, source, target).await;
}

#[tokio::test]
async fn kill_9_in_the_middle_of_a_bulk_of_1000_and_the_same_bulk_posts_what_is_missing() {
    let mut stack = Stack::start().await;
    let gate = Gate::behind_transfers_post(&stack).await;
    let (source, target) = (stack.http.wallet(1_000).await, stack.http.wallet(0).await);
    let body = bulk_of_a_thousand(source, target);
    gate.close().await;
    let bulk = post(&stack.http, "/transfers/bulk", None, &body);
    gate.wait_for_call().await;
    // The server stands still: it learns of no commit, and sends no other part.
    stack.server.signal("STOP");
    gate.open().await;
    committed(&stack, 1).await;
    stack.server.kill();
    assert!(bulk.await.expect("no panic"), "the bulk has no answer");

    stack.restart_with(&[]).await;
    let again = stack.http.post("/transfers/bulk", &body).await;
    let again = results(&again);
    assert!(again.iter().all(|result| result["status"] == "posted"));
    let replayed = again.iter().filter(|result| result["replayed"] == true);
    let replayed = replayed.count();
    assert!((1..ITEMS).contains(&replayed), "{replayed}");
    assert_moved_once(&stack, source, target).await;
}

#[tokio::test]
async fn kill_9_between_commit_and_answer_of_a_group_and_the_same_group_replays_whole() {
    let mut stack = Stack::start().await;
    let gate = Gate::behind_transfers_post(&stack).await;
    let (source, target) = (stack.http.wallet(1_000).await, stack.http.wallet(0).await);
    let leg = json!({"source_id": source, "target_id": target, "amount": 1});
    let body = json!({"legs": vec![leg; ITEMS]});
    gate.close().await;
    let group = post(&stack.http, "/groups", Some("g"), &body);
    gate.wait_for_call().await;
    // The server stands still, so that it cannot answer when the call commits.
    stack.server.signal("STOP");
    gate.open().await;
    committed(&stack, ITEMS).await;
    stack.server.kill();
    assert!(group.await.expect("no panic"), "the group has no answer");

    stack.restart_with(&[]).await;
    let first = stack.http.post_with_key("/groups", "g", &body).await;
    let told = (first.status, first.header("idempotency-replayed"));
    assert_eq!(told, (201, "true"));
    let legs = first.json()["legs"].as_array().cloned().expect("legs");
    assert_eq!(legs.len(), ITEMS);
    assert!(legs.iter().all(|leg| leg["status"] == "posted"));
    assert_eq!(stack.http.get("/groups/g").await.status, 200);
    let again = stack.http.post_with_key("/groups", "g", &body).await;
    assert_eq!(again.body, first.body);
    assert_moved_once(&stack, source, target).await;
}
