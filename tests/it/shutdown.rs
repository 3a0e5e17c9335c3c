//! A server that is told to end answers what is in flight, takes nothing new, and ends well.

use std::time::Duration;

use testbed::poll::{SOON, eventually, eventually_true};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::raw::Connection;
use crate::stack::Stack;

/// As many as a few connections of PostgreSQL and one call of the server hold.
const REQUESTS: u32 = 20;
/// Far less than the server gives requests in flight, and than it waits for a request's head.
const AT_ONCE: Duration = Duration::from_secs(3);

#[tokio::test]
async fn sigterm_waits_for_requests_in_flight() {
    check_requests_in_flight("TERM").await;
}

#[tokio::test]
async fn sigint_waits_for_requests_in_flight() {
    check_requests_in_flight("INT").await;
}

async fn check_requests_in_flight(signal: &str) {
    let mut stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let held = stack.hold(source).await;
    let requests: Vec<_> = (0..REQUESTS)
        .map(|_| {
            let http = stack.http.clone();
            tokio::spawn(async move { http.transfer(source, target, 1).await })
        })
        .collect();
    stack.wait_for_waiting(REQUESTS).await;

    stack.server.signal(signal);
    eventually_true(SOON, "new connections are refused", async || {
        TcpStream::connect(("127.0.0.1", stack.server.port))
            .await
            .is_err()
    })
    .await;
    assert_eq!(stack.server.ended_well(), None, "requests are in flight");
    held.release().await;
    for request in requests {
        let answer = request.await.expect("every request is answered");
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    let ended_well = eventually(SOON, "the server ends", async || stack.server.ended_well()).await;
    assert!(ended_well);
    assert_eq!(stack.count("transfers").await, 21);
    stack.verify().await;
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_the_end() {
    let mut stack = Stack::start().await;
    let mut used = Connection::open(stack.server.port).await;
    used.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let answer = used.receive().await.expect("an answer");
    assert_eq!(answer.header("connection"), "", "it stays open");
    let mut unused = Connection::open(stack.server.port).await;
    // The server has accepted the unused one once it answers on one that came later.
    stack.http.get("/healthz").await;

    stack.server.signal("TERM");
    assert!(used.is_closed_within(AT_ONCE).await);
    assert!(unused.is_closed_within(AT_ONCE).await);
    let ended_well = eventually(AT_ONCE, "the server ends", async || {
        stack.server.ended_well()
    })
    .await;
    assert!(ended_well);
}

#[tokio::test]
async fn a_second_server_takes_over_on_the_same_data() {
    let mut stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let key = Uuid::new_v4().to_string();
    let posted = stack.http.transfer_with_key(&key, source, target, 1).await;
    stack.server.signal("TERM");
    eventually(SOON, "the server ends", async || stack.server.ended_well()).await;
    let second = stack.second_server().await;
    let replayed = second.http.transfer_with_key(&key, source, target, 1).await;
    assert_eq!(replayed.header("idempotency-replayed"), "true");
    assert_eq!(replayed.body, posted.body);
    assert_eq!(second.http.balance(target).await, 1);
}
