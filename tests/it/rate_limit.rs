//! The rate limit of the front door. A rate of one a minute does not refill while a test runs.

use std::net::Ipv4Addr;

use futures_util::future::join_all;
use hyper::Method;
use serde_json::json;
use testbed::http::Http;
use testbed::poll::{SOON, eventually};
use uuid::Uuid;

use crate::front::Front;
use crate::problems::Told;

const OTHER_ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

#[tokio::test]
async fn transfers_beyond_the_limit_of_an_address_are_refused_and_nothing_else() {
    let front = Front::start_with("1r/m", 3, |conf| conf).await;
    let (source, target) = (front.http.wallet(100).await, front.http.wallet(0).await);
    // The first at the rate, three more at once.
    for _ in 0..4 {
        let posted = front.http.transfer(source, target, 1).await;
        assert_eq!(posted.status, 201, "{posted:?}");
    }
    let refused = front.http.transfer_with_key("k", source, target, 1).await;
    assert_eq!(refused.problem(), (429, "rate_limited".to_owned()));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.json()["type"], "/problems/rate_limited");
    assert_eq!(refused.json()["status"], 429);
    assert_eq!(refused.json()["request_id"], refused.header("x-request-id"));

    for _ in 0..20 {
        assert_eq!(front.http.balance(target).await, 4);
        assert_eq!(front.http.get("/transfers/k").await.status, 404);
    }
    let other = Http::from_address(front.nginx.port, OTHER_ADDRESS);
    let posted = other.transfer_with_key("k", source, target, 1).await;
    assert_eq!(posted.status, 201, "{posted:?}");
    assert_eq!(posted.header("idempotency-replayed"), "");
    front.stack.verify().await;
}

#[tokio::test]
async fn the_limit_is_not_evaded_by_another_spelling_or_a_forged_address() {
    let front = Front::start_with("1r/m", 1, |conf| conf).await;
    let (source, target) = (front.http.wallet(100).await, front.http.wallet(0).await);
    for _ in 0..2 {
        assert_eq!(front.http.transfer(source, target, 1).await.status, 201);
    }
    let body = json!({"source_id": source, "target_id": target, "amount": 1}).to_string();
    for path in [
        "/transfers",
        "/transfers?",
        "//transfers",
        "/%74ransfers",
        "/x/../transfers",
    ] {
        let key = Uuid::new_v4().to_string();
        let headers = [
            ("idempotency-key", key.as_str()),
            ("x-forwarded-for", "192.0.2.7"),
            ("x-real-ip", "192.0.2.7"),
            ("forwarded", "for=192.0.2.7"),
        ];
        let answer = front.http.post_bytes(path, &headers, body.clone()).await;
        assert_eq!(answer.problem(), (429, "rate_limited".to_owned()), "{path}");
    }
    let read = front.http.send(Method::GET, "/transfers", &[], "").await;
    assert_eq!(read.problem(), (405, "method_not_allowed".to_owned()));
    assert_eq!(front.http.balance(target).await, 2);
}

#[tokio::test]
async fn a_refused_transfer_is_taken_after_a_while_with_the_same_key() {
    let front = Front::start_with("2r/s", 1, |conf| conf).await;
    let (source, target) = (front.http.wallet(100).await, front.http.wallet(0).await);
    // However slow the machine, ten at once are more than two a second allow.
    let post = async |key: String| {
        let answer = front.http.transfer_with_key(&key, source, target, 1).await;
        (key, answer)
    };
    let answers = join_all((0..10).map(|i| post(format!("k{i}")))).await;
    let (refused, posted): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|(_, answer)| answer.status == 429);
    assert!(posted.iter().all(|(_, answer)| answer.status == 201));
    let (key, _) = refused.first().expect("some are refused");
    let taken = eventually(SOON, "the transfer is taken", async || {
        let (_, answer) = post(key.clone()).await;
        (answer.status == 201).then_some(answer)
    })
    .await;
    assert_eq!(
        taken.header("idempotency-replayed"),
        "",
        "it was not posted before"
    );
    let balance = i64::try_from(posted.len() + 1).expect("ten at most");
    assert_eq!(front.http.balance(target).await, balance);
    front.stack.verify().await;
}
