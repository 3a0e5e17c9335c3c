//! The stream of events, and what ends it.

use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::json;
use testbed::poll::{SOON, eventually};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::events::{Appending, Reader, append};
use crate::stack::Stack;

/// Waits until so many streams are open.
async fn await_readers(stack: &Stack, readers: f64) {
    eventually(
        SOON + Duration::from_secs(20),
        "the readers are counted",
        async || (stack.http.metric("remit_feed_readers").await == readers).then_some(()),
    )
    .await;
}

#[tokio::test]
async fn a_stream_tells_what_the_pages_tell_and_goes_on() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    append(&stack).await;
    let page = stack.http.get("/events").await.json();
    let mut reader = Reader::open(stack.server.port, "/events/stream", "").await;
    let head = reader.head.to_lowercase();
    assert!(head.starts_with("http/1.0 200"), "{head}");
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    let epoch = format!("feed-epoch: {}", page["epoch"].as_str().expect("text"));
    assert!(head.contains(&epoch), "{head}");
    for expected in page["events"].as_array().expect("a list") {
        let told = reader.event().await.expect("an event");
        assert_eq!(told.data, *expected);
        assert_eq!(json!(told.id), expected["position"]);
        assert_eq!(json!(told.kind), expected["type"]);
    }
    let _appending = Appending::start(&stack).await;
    for _ in 0..3 {
        let posted = stack.http.transfer(source, target, 1).await;
        let told = reader.event().await.expect("an event");
        assert_eq!(told.data["subject"], posted.json()["id"]);
    }
}

#[tokio::test]
async fn a_stream_that_was_cut_resumes_at_another_server_without_a_gap() {
    let stack = Stack::start().await;
    let second = stack.second_server().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let _appending = Appending::start(&stack).await;
    let mut seen = Vec::new();
    let ports = [stack.server.port, second.port];
    for round in 0..6 {
        let last = seen.last().copied().unwrap_or(0);
        // The header wins over the parameter.
        let header = format!("Last-Event-ID: {last}\r\n");
        let path = "/events/stream?after=0";
        let mut reader = Reader::open(ports[round % 2], path, &header).await;
        for _ in 0..3 {
            stack.http.transfer(source, target, 1).await;
        }
        for _ in 0..2 {
            seen.push(reader.event().await.expect("an event").id);
        }
    }
    assert_eq!(seen, (1..=12).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_of_some_types_leaves_out_the_others_and_says_how_far_it_is() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    append(&stack).await;
    let path = "/events/stream?types=transfer.rejected";
    let mut reader = Reader::open(stack.server.port, path, "").await;
    let next = stack.http.get("/events").await.json()["next"].clone();
    let first = reader.part().await.expect("it is there");
    assert_eq!(first, format!(": still here\nid: {next}"));
    let _appending = Appending::start(&stack).await;
    stack.http.transfer(source, target, 1).await;
    let rejected = stack.http.transfer(source, target, 1_000).await;
    let told = reader.event().await.expect("an event");
    assert_eq!(told.kind, "transfer.rejected");
    assert_eq!(told.data["subject"], rejected.json()["transfer_id"]);
    let start = Instant::now();
    let comment = reader.part().await.expect("it is still there");
    assert_eq!(comment, format!(": still here\nid: {}", told.id));
    let waited = start.elapsed();
    assert!((8..=12).contains(&waited.as_secs()), "{waited:?}");
}

#[tokio::test]
async fn a_stream_ends_with_its_key_with_its_server_and_with_its_log() {
    let mut stack = Stack::start().await;
    let reader = stack.http.scoped("reader", None).await;
    let created = stack.http.get("/keys").await.json();
    let key_id = &created["keys"][0]["id"].as_str().expect("an id").to_owned();
    let answer = reader.send(Method::HEAD, "/events/stream", &[], "").await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    await_readers(&stack, 0.0).await;

    let body = json!({"name": "stream", "scope": "reader"});
    let created = stack.http.post("/keys", &body).await.json();
    let (key, id) = (created["key"].as_str(), created["id"].as_str());
    let authorization = format!("Authorization: Bearer {}\r\n", key.expect("text"));
    let stream = TcpStream::connect(("127.0.0.1", stack.server.port)).await;
    let stream = stream.expect("it listens");
    let mut of_key = Reader::ask(stream, "/events/stream", &authorization).await;
    let path = format!("/keys/{}", id.expect("an id"));
    assert_ne!(id, Some(key_id.as_str()));
    let start = Instant::now();
    stack.http.send(Method::DELETE, &path, &[], "").await;
    while of_key.part().await.is_some() {}
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );

    let mut of_log = Reader::open(stack.server.port, "/events/stream", "").await;
    await_readers(&stack, 1.0).await;
    let other = "update remit.cache set instance_id = gen_random_uuid()";
    let changed = stack.owner().await.batch_execute(other).await;
    changed.expect("the owner may do anything");
    stack.http.wallet(1).await;
    append(&stack).await;
    while of_log.part().await.is_some() {}

    let mut of_server = Reader::open(stack.server.port, "/events/stream", "").await;
    stack.server.signal("TERM");
    let start = Instant::now();
    while of_server.part().await.is_some() {}
    assert!(start.elapsed() < Duration::from_secs(2));
    let ended = eventually(SOON, "the server ends", async || stack.server.ended_well()).await;
    assert!(ended);
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_cut() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(9_000).await, stack.http.wallet(0).await);
    let fill = format!(
        "do $$ begin
            for n in 1 .. 8 loop
                perform remit_v1.transfers_post(1, array(
                    select (gen_random_uuid(), '{source}', '{target}', 1, null, 'a test',
                            jsonb_build_object('k', repeat('x', 4000)), null)::remit_v1.transfer_request
                      from generate_series(1, 1000)));
            end loop;
         end $$"
    );
    stack
        .owner()
        .await
        .batch_execute(&fill)
        .await
        .expect("it posts");
    append(&stack).await;
    let mut slow = Reader::open_small(stack.server.port, "/events/stream").await;
    await_readers(&stack, 1.0).await;
    sleep(Duration::from_secs(10)).await;
    assert_eq!(stack.http.metric("remit_feed_readers").await, 1.0);
    await_readers(&stack, 0.0).await;
    // What it has been sent it may read. The rest it reads when it comes again.
    let mut seen = Vec::new();
    while let Some(told) = slow.event().await {
        seen.push(told.id);
    }
    let last = seen.last().copied().expect("some");
    assert!(last < 8_000, "{last}");
    assert_eq!(seen, (1..=last).collect::<Vec<_>>());
    let header = format!("Last-Event-ID: {last}\r\n");
    let mut again = Reader::open(stack.server.port, "/events/stream", &header).await;
    assert_eq!(again.event().await.expect("an event").id, last + 1);
}
