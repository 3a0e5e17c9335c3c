//! More than the server can do: it bounds what waits, what it remembers, and how long.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use remit::ledger::gather::WAITING_REQUESTS_MAX;
use serde_json::json;
use testbed::http::Answer;
use testbed::poll::eventually_true;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::gate::Gate;
use crate::problems::Told;
use crate::problems::assert_shape;
use crate::raw::{self, Connection};
use crate::stack::Stack;

/// Open connections of the memory's test.
const CONNECTIONS: usize = 10_000;
/// What the server may take for each connection that sends all that it may and does not end; a
/// debug build's frames are large. With `CONNECTIONS_MAX` of the server this is 1 GiB.
const CONNECTION_BYTES_MAX: u64 = 64 * 1_024;
/// Clients whose connections nobody accepts.
const CLIENTS_AT_ONCE: usize = 2_000;
/// More than may wait.
const TRANSFERS: usize = WAITING_REQUESTS_MAX + 500;
/// Fewer connections than a server has places for, and creations that want one at the same time.
const FEW_CONNECTIONS: usize = 6;
const CREATIONS: usize = 100;
/// Descriptors of the test that are not connections.
const OTHER_DESCRIPTORS: u64 = 512;
/// How long a refusal may take on a machine that runs other tests: nobody waits for the calls,
/// which are held up.
const REFUSED_MAX: Duration = Duration::from_secs(3);
/// How long all that may wait take to be posted, once they can be.
const POSTED_MAX: Duration = Duration::from_secs(8);
/// What nginx waits for the server.
const ANSWER_MAX: Duration = Duration::from_secs(15);
/// How many connections are opened at the same time: less than a listener's backlog.
const AT_ONCE: usize = 64;

/// What a process holds in memory.
fn resident_bytes(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the server runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB"));
    let kilobytes: u64 = kilobytes
        .and_then(|text| text.trim().parse().ok())
        .expect("a number");
    kilobytes * 1_024
}

fn open_descriptors(pid: u32) -> usize {
    let open = fs::read_dir(format!("/proc/{pid}/fd"));
    open.expect("the server runs").count()
}

fn allow_descriptors(connections: usize) {
    let wanted = connections as u64 + OTHER_DESCRIPTORS;
    let limit = rlimit::increase_nofile_limit(wanted).expect("a limit can be read");
    assert!(
        limit >= wanted,
        "this test needs {wanted} open files, and may have {limit}"
    );
}

/// Opens connections, sends something on each of them, and goes on with it.
async fn crowd<T: Send + 'static, F: Future<Output = T> + Send>(
    port: u16,
    size: usize,
    bytes: impl Fn(usize) -> Vec<u8>,
    go_on: impl Fn(Connection) -> F + Clone + Send + 'static,
) -> JoinSet<T> {
    allow_descriptors(size);
    let (mut members, places) = (JoinSet::new(), Arc::new(Semaphore::new(AT_ONCE)));
    for number in 0..size {
        let place = Arc::clone(&places).acquire_owned().await;
        let (bytes, go_on) = (bytes(number), go_on.clone());
        members.spawn(async move {
            let mut connection = Connection::open(port).await;
            connection.send(&bytes).await;
            drop(place);
            go_on(connection).await
        });
    }
    members
}

#[tokio::test(flavor = "multi_thread")]
async fn many_connections_cost_little_memory_be_they_idle_or_slow() {
    let stack = Stack::start().await;
    let (pid, port) = (stack.server.pid(), stack.server.port);
    let user = format!("/users/{}", stack.http.user().await);
    let (memory, descriptors) = (resident_bytes(pid), open_descriptors(pid));
    // All that may be sent but the end of it.
    let slow_head = format!(
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: {}",
        "x".repeat(15_900)
    );
    let headers = "Idempotency-Key: k\r\nContent-Length: 16000\r\n";
    let slow_body = raw::post_head("/transfers", headers) + &"{".repeat(15_900);
    for (bytes, answer) in [
        (Vec::new(), None),
        (slow_head.into_bytes(), None),
        (slow_body.into_bytes(), Some(408)),
    ] {
        let stay = |connection| async { connection };
        let members = crowd(port, CONNECTIONS, |_| bytes.clone(), stay).await;
        let members = members.join_all().await;
        // Others are answered meanwhile, and then what the crowd has sent has arrived.
        for path in ["/healthz", &user] {
            assert_eq!(stack.http.get(path).await.status, 200);
        }
        let grown = resident_bytes(pid).saturating_sub(memory);
        let open = open_descriptors(pid).saturating_sub(descriptors);
        assert!(open > CONNECTIONS / 2, "only {open} are still open");
        let each = grown / open as u64;
        assert!(
            each <= CONNECTION_BYTES_MAX,
            "a connection took {each} bytes"
        );
        // Nobody may be slow for ever: the server ends what does not come to an end.
        for mut connection in members {
            let said = connection.receive().await;
            said.iter().for_each(assert_shape);
            assert_eq!(said.map(|said| said.status), answer);
        }
    }
}

#[tokio::test]
async fn clients_that_come_at_once_wait_for_no_second_try() {
    allow_descriptors(CLIENTS_AT_ONCE);
    let listener = remit::http::server::listen(([127, 0, 0, 1], 0).into()).expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    let clients = (0..CLIENTS_AT_ONCE).map(|_| TcpStream::connect(address));
    // Nobody accepts them. Who finds no place is heard again after a second.
    let connected = timeout(Duration::from_millis(900), join_all(clients)).await;
    let connected = connected.expect("there is a place for each");
    assert!(connected.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_server_that_gets_few_connections_makes_its_callers_wait() {
    let mut stack = Stack::start().await;
    let user = stack.http.user().await;
    let limit = format!(
        "alter database {} connection limit {FEW_CONNECTIONS}",
        stack.database.name
    );
    let limited = stack.owner().await.batch_execute(&limit).await;
    limited.expect("the owner may");
    stack.restart_with(&[]).await;
    let create = |_| {
        let http = stack.http.clone();
        let wallet = json!({"user_id": user, "currency": "USD", "initial_balance": 1});
        tokio::spawn(async move { http.post("/wallets", &wallet).await })
    };
    for created in join_all((0..CREATIONS).map(create)).await {
        assert_eq!(created.expect("no panic").status, 201);
    }
    // Creations leave their connections idle, and transfers need some.
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    assert_eq!(stack.http.transfer(source, target, 1).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn past_the_queue_transfers_are_refused_at_once_and_the_others_are_posted() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100_000).await, stack.http.wallet(0).await);
    let gate = Gate::behind_transfers_post(&stack).await;
    gate.close().await;
    let body = json!({"source_id": source, "target_id": target, "amount": 1}).to_string();
    let request = |number| {
        let headers = format!(
            "Idempotency-Key: {number}\r\nContent-Length: {}\r\n",
            body.len()
        );
        (raw::post_head("/transfers", &headers) + &body).into_bytes()
    };
    let overloaded = Arc::new(AtomicUsize::new(0));
    let receive = {
        let overloaded = Arc::clone(&overloaded);
        move |mut connection: Connection| {
            let overloaded = Arc::clone(&overloaded);
            async move {
                let sent = Instant::now();
                let answer = connection.receive().await;
                let answer = answer.expect("every request is answered");
                overloaded.fetch_add(usize::from(is_overloaded(&answer)), Ordering::Relaxed);
                (answer, sent.elapsed())
            }
        }
    };
    let members = crowd(stack.server.port, TRANSFERS, request, receive).await;
    // Nothing has been posted, and a client knows already that there is no place for it.
    eventually_true(ANSWER_MAX, "transfers are refused", async || {
        overloaded.load(Ordering::Relaxed) > 0
    })
    .await;
    assert_eq!(stack.count("transfers").await, 1);
    gate.open().await;
    let opened = Instant::now();
    let answers = members.join_all().await;
    // A client that was let in waits for those before it, and they are few enough.
    assert!(opened.elapsed() < POSTED_MAX, "{:?}", opened.elapsed());
    let (posted, refused): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|(answer, _)| answer.status == 201);
    let posted = posted.len();
    assert!(posted > 0);
    for (answer, waited) in refused {
        assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
        assert!(waited < REFUSED_MAX, "refused after {waited:?}");
    }
    // With the crowd gone there is place again.
    assert_eq!(stack.http.transfer(source, target, 1).await.status, 201);
    let journal = usize::try_from(stack.count("transfers").await).expect("a count");
    assert!(journal >= posted + 2, "{journal} of {posted}");
    stack.verify().await;
}

fn is_overloaded(answer: &Answer) -> bool {
    answer.status == 503 && answer.problem().1 == "overloaded"
}
