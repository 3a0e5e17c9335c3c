//! The feed through nginx: nothing is kept back, and those who wait are counted by themselves.

use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::events::{Appending, Reader, append};
use crate::front::Front;
use crate::problems::Told;
use crate::raw::authorization;

#[tokio::test]
async fn a_stream_is_told_at_once_and_stays_while_nothing_happens() {
    let front = Front::start().await;
    let (source, target) = (front.http.wallet(100).await, front.http.wallet(0).await);
    append(&front.stack).await;
    let next = front.http.get("/events").await.json()["next"].clone();
    let _appending = Appending::start(&front.stack).await;
    let path = format!("/events/stream?after={next}");
    let mut reader = Reader::open(front.nginx.port, &path, "").await;
    let head = reader.head.to_lowercase();
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    assert!(head.contains("feed-epoch: "), "{head}");
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let posted = front.http.transfer(source, target, 1).await;
        let start = Instant::now();
        let told = reader.event().await.expect("an event");
        assert_eq!(told.data["subject"], posted.json()["id"]);
        fastest = fastest.min(start.elapsed());
    }
    assert!(fastest < Duration::from_millis(100), "{fastest:?}");
    // Longer than nginx waits for any other answer.
    let waiting = tokio::spawn({
        let http = front.http.clone();
        async move { http.get("/events?after=0&types=hold.expired&wait=18").await }
    });
    sleep(Duration::from_secs(18)).await;
    let posted = front.http.transfer(source, target, 1).await;
    let told = reader.event().await.expect("an event");
    assert_eq!(told.data["subject"], posted.json()["id"]);
    let waited = waiting.await.expect("it does not panic");
    assert_eq!(waited.status, 200, "{waited:?}");
}

#[tokio::test]
async fn readers_that_wait_take_no_place_of_other_requests() {
    let front = Front::start_with_settings(&[("REMIT_ADDRESS_REQUESTS_MAX", "2")]).await;
    let port = front.nginx.port;
    let streams = [
        Reader::open(port, "/events/stream", "").await,
        Reader::open(port, "/events/stream", "").await,
    ];
    assert_eq!(front.http.get("/events?wait=1").await.problem(), {
        (429, "rate_limited".to_owned())
    });
    front.http.wallet(100).await;
    drop(streams);
    append(&front.stack).await;
    let stream = TcpStream::connect(("127.0.0.1", port)).await;
    let stream = stream.expect("it listens");
    sleep(Duration::from_millis(300)).await;
    let mut reader = Reader::ask(stream, "/events/stream", &authorization()).await;
    assert_eq!(reader.event().await.expect("an event").id, 1);
}
