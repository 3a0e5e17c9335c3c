//! The connections between nginx and the server, and what happens when there are none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use testbed::http::Http;
use testbed::poll::{SOON, eventually_true};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::front::Front;
use crate::front_door::check_headers;
use crate::problems::Told;
use crate::raw::{Connection, head};

/// How often nginx is told to read its configuration again.
const RELOADS: usize = 5;

#[tokio::test]
async fn connections_to_the_server_are_used_again() {
    let front = Front::start().await;
    for _ in 0..30 {
        // A client's connection of its own each time: only nginx can keep one.
        assert_eq!(
            Http::new(front.nginx.port).get("/healthz").await.status,
            200
        );
    }
    // Each worker process of nginx keeps its own.
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let accepted = front.proxy.accepted();
    assert!(
        accepted <= workers.min(15),
        "{accepted} connections for 30 requests"
    );
}

#[tokio::test]
async fn without_the_server_the_answer_is_502_until_it_is_back() {
    let front = Front::start().await;
    let (source, target) = (front.http.wallet(100).await, front.http.wallet(0).await);
    front.proxy.close().await;
    for _ in 0..3 {
        let refused = front.http.transfer_with_key("k", source, target, 1).await;
        assert_eq!(refused.problem(), (502, "bad_gateway".to_owned()));
        assert_eq!(refused.header("retry-after"), "1");
        assert_eq!(refused.json()["request_id"], refused.header("x-request-id"));
        check_headers(&refused);
        let user = json!({"name": "Ann"});
        let refused = front.http.post_with_key("/users", "k", &user).await;
        assert_eq!(refused.problem(), (502, "bad_gateway".to_owned()));
    }
    front.proxy.resume();
    let posted = front.http.transfer_with_key("k", source, target, 1).await;
    assert_eq!(posted.status, 201, "at once, with the same key: {posted:?}");
}

#[tokio::test]
async fn nginx_reloads_without_a_request_that_fails() {
    let front = Front::start().await;
    let (source, target) = (front.http.wallet(100_000).await, front.http.wallet(0).await);
    let held = front.http.wallet(1).await;
    let hold = front.stack.hold(held).await;
    let in_flight = tokio::spawn({
        let http = front.http.clone();
        async move { http.transfer_with_key("k", held, target, 1).await }
    });
    front.stack.wait_for_waiting(1).await;
    let (posted, is_over) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let mut clients = JoinSet::new();
    for _ in 0..4 {
        let (posted, is_over, port) = (posted.clone(), is_over.clone(), front.nginx.port);
        clients.spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                // A connection of its own: one that waits for a request may be closed at any
                // moment.
                let key = Uuid::new_v4().to_string();
                let answer = Http::new(port)
                    .transfer_with_key(&key, source, target, 1)
                    .await;
                assert_eq!(answer.status, 201, "{answer:?}");
                posted.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    front.nginx.reload().await;
    // It was asked through a process of nginx that is ending by now.
    hold.release().await;
    for _ in 1..RELOADS {
        front.nginx.reload().await;
        let enough = posted.load(Ordering::Relaxed) + 10;
        eventually_true(SOON, "transfers are posted", async || {
            posted.load(Ordering::Relaxed) >= enough
        })
        .await;
    }
    is_over.store(true, Ordering::Relaxed);
    clients.join_all().await;
    // By the server, in whose time the wallet was released or not.
    let answer = in_flight.await.expect("no panic");
    let is_busy = answer.status == 503 && answer.problem().1 == "wallet_busy";
    assert!(answer.status == 201 || is_busy, "{answer:?}");
    front.stack.verify().await;
}

#[tokio::test]
async fn a_server_that_hangs_is_504() {
    let shorter = |conf: String| {
        assert!(conf.contains("proxy_read_timeout 15s;"));
        conf.replace("proxy_read_timeout 15s;", "proxy_read_timeout 200ms;")
    };
    let front = Front::start_with("10r/s", 10, shorter).await;
    front.stack.server.signal("STOP");
    let late = front.http.get("/healthz").await;
    front.stack.server.signal("CONT");
    assert_eq!(late.problem(), (504, "gateway_timeout".to_owned()));
    assert_eq!(late.header("retry-after"), "1");
    check_headers(&late);
    let again = front.http.get("/healthz").await;
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn a_slow_client_costs_the_server_no_connection() {
    let front = Front::start().await;
    let before = front.proxy.accepted();
    let mut slow = Connection::open(front.nginx.port).await;
    let started = head("POST", "/users", "Content-Length: 14\r\n") + "{\"name\"";
    slow.send(started.as_bytes()).await;
    // An answer to another client: nginx has read what the slow one has sent.
    assert_eq!(front.http.get("/healthz").await.status, 200);
    assert!(!slow.is_closed_within(Duration::from_millis(100)).await);
    assert!(
        front.proxy.accepted() <= before + 1,
        "one for the other client"
    );
    slow.send(b":\"Ann\"}").await;
    let created = slow.receive().await.expect("an answer");
    assert_eq!(created.status, 201, "{created:?}");
}
