//! A server that is told to end says so, answers what is in flight, takes nothing new, and ends
//! well.

use std::time::{Duration, Instant};

use serde_json::json;
use testbed::poll::{SOON, eventually, eventually_true};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::problems::Told;
use crate::raw::{Connection, head};
use crate::stack::Stack;

/// As many as a few connections of PostgreSQL and one call of the server hold.
const REQUESTS: usize = 20;
/// Less than the server waits for a request's head, and far less than it gives requests in flight.
const AT_ONCE: Duration = Duration::from_millis(4_500);

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
    stack.server.signal(signal);
    await_farewell(&stack).await;
    let body = json!({"source_id": source, "target_id": target, "amount": 1}).to_string();
    let (first, rest) = body.split_at(10);
    let mut requests = Vec::new();
    for _ in 0..REQUESTS {
        let (length, key) = (body.len(), Uuid::new_v4());
        let headers = format!("Content-Length: {length}\r\nIdempotency-Key: {key}\r\n");
        let mut request = Connection::open(stack.server.port).await;
        let start = head("POST", "/transfers", &headers) + first;
        request.send(start.as_bytes()).await;
        requests.push(request);
    }
    await_refusal(&stack).await;
    assert_eq!(stack.server.ended_well(), None, "requests are in flight");
    for request in &mut requests {
        request.send(rest.as_bytes()).await;
    }
    for request in &mut requests {
        let answer = request.receive().await.expect("every request is answered");
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    let ended_well = eventually(SOON, "the server ends", async || stack.server.ended_well()).await;
    assert!(ended_well);
    assert_eq!(stack.count("transfers").await, 21);
    stack.verify().await;
}

/// Waits until the server says that it is about to end.
async fn await_farewell(stack: &Stack) {
    eventually_true(SOON, "/readyz says stopping", async || {
        let answer = stack.http.get("/readyz").await;
        answer.problem() == (503, "stopping".to_owned())
    })
    .await;
}

/// Waits until the server listens no longer.
async fn await_refusal(stack: &Stack) {
    eventually_true(SOON, "new connections are refused", async || {
        let connected = TcpStream::connect(("127.0.0.1", stack.server.port)).await;
        connected.is_err()
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_about_to_end_still_answers_and_gives_up_its_connections() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let mut used = Connection::open(stack.server.port).await;
    used.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let answer = used.receive().await.expect("an answer");
    assert_eq!(answer.header("connection"), "");

    stack.server.signal("TERM");
    await_farewell(&stack).await;
    let start = Instant::now();
    let posted = stack.http.transfer(source, target, 1).await;
    assert_eq!((posted.status, posted.header("connection")), (201, "close"));
    used.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let answer = used.receive().await.expect("an answer");
    assert_eq!((answer.status, answer.header("connection")), (200, "close"));
    assert!(used.is_closed_within(Duration::from_secs(1)).await);
    await_refusal(&stack).await;
    // nginx keeps idle connections for 2 s.
    assert!(start.elapsed() > Duration::from_secs(2));
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
