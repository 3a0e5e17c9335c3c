//! The limits of the front door, and that they are the server's.

use remit::http::body::{BODY_BYTES_MAX, BODY_OF_ITEMS_BYTES_MAX};
use serde_json::json;
use testbed::http::Answer;
use uuid::Uuid;

use crate::front::Front;
use crate::problems::Told;
use crate::raw::{ask, authorization};

/// A user in exactly so many bytes.
fn user_of(bytes: usize) -> String {
    let user = json!({"name": "Ann"}).to_string();
    format!("{user}{}", " ".repeat(bytes - user.len()))
}

fn check_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.problem(), (status, code.to_owned()), "{answer:?}");
    assert_eq!(answer.json()["status"], status);
    assert_eq!(answer.json()["request_id"], answer.header("x-request-id"));
}

#[tokio::test]
async fn nginx_and_server_take_bodies_of_the_same_size() {
    let front = Front::start().await;
    for http in [&front.http, &front.stack.http] {
        let largest = http
            .post_bytes("/users", &[], user_of(BODY_BYTES_MAX))
            .await;
        assert_eq!(largest.status, 201, "{largest:?}");
        let larger = http
            .post_bytes("/users", &[], user_of(BODY_BYTES_MAX + 1))
            .await;
        assert_eq!(larger.problem(), (413, "body_too_large".to_owned()));
        assert_eq!(larger.json()["request_id"], larger.header("x-request-id"));
    }
}

/// A bulk of one transfer in exactly so many bytes.
fn bulk_of(key: &str, sides: [Uuid; 2], bytes: usize) -> String {
    let [source, target] = sides;
    let item = json!({"id": key, "source_id": source, "target_id": target, "amount": 1});
    let bulk = json!({"transfers": [item]}).to_string();
    format!("{bulk}{}", " ".repeat(bytes - bulk.len()))
}

#[tokio::test]
async fn nginx_and_server_take_larger_bodies_of_many_items_alone() {
    let front = Front::start().await;
    let sides = [front.http.wallet(100).await, front.http.wallet(0).await];
    for (http, door) in [(&front.http, "nginx"), (&front.stack.http, "server")] {
        let largest = bulk_of(door, sides, BODY_OF_ITEMS_BYTES_MAX);
        let posted = http.post_bytes("/transfers/bulk", &[], largest).await;
        assert_eq!(posted.status, 200, "{posted:?}");
        assert_eq!(posted.json()["results"][0]["status"], "posted");
        let leg = json!({"source_id": sides[0], "target_id": sides[1], "amount": 1});
        let legs = json!({"legs": [leg, leg]}).to_string();
        let legs = format!("{legs}{}", " ".repeat(BODY_OF_ITEMS_BYTES_MAX - legs.len()));
        let key = [("idempotency-key", door)];
        let posted = http.post_bytes("/groups", &key, legs.clone()).await;
        assert_eq!(posted.status, 201, "{posted:?}");

        for (path, body, bytes) in [
            ("/groups", legs.clone() + " ", BODY_OF_ITEMS_BYTES_MAX),
            (
                "/groups?dry_run=true",
                legs.clone() + " ",
                BODY_OF_ITEMS_BYTES_MAX,
            ),
            (
                "/transfers/bulk",
                legs.clone() + " ",
                BODY_OF_ITEMS_BYTES_MAX,
            ),
            ("/transfers", user_of(BODY_BYTES_MAX + 1), BODY_BYTES_MAX),
            ("/holds", user_of(BODY_BYTES_MAX + 1), BODY_BYTES_MAX),
            (
                "/transfers/bulk/reversals",
                user_of(BODY_BYTES_MAX + 1),
                BODY_BYTES_MAX,
            ),
        ] {
            let larger = http.post_bytes(path, &key, body).await;
            assert_eq!(
                larger.problem(),
                (413, "body_too_large".to_owned()),
                "{door} {path}"
            );
            let said = format!("Allowed: {bytes} bytes.");
            assert_eq!(larger.json()["detail"], said, "{door} {path}");
        }
    }
    front.stack.verify().await;
}

#[tokio::test]
async fn what_moves_or_holds_money_has_one_limit_of_rate() {
    let front = Front::start_with("1r/m", 2, |conf| conf).await;
    for (path, status) in [
        ("/holds", 400),
        ("/transfers/bulk", 400),
        ("/transfers/k/reversals", 400),
        ("/groups", 429),
        ("/holds/k/captures", 429),
        ("/transfers", 429),
        ("/users", 400),
    ] {
        let answer = front.http.post(path, &json!({"x": 1})).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        let policy = answer.header("ratelimit-policy");
        assert_eq!(
            policy.contains("\"transfers\""),
            path != "/users",
            "{path}: {policy}"
        );
        let has_items = ["/transfers/bulk", "/groups"].contains(&path);
        assert_eq!(policy.contains("\"items\""), has_items, "{path}: {policy}");
    }
    assert_eq!(
        front.http.get("/holds/k").await.status,
        404,
        "a read is none of them"
    );
}

#[tokio::test]
async fn a_body_without_a_length_has_the_same_limit() {
    let front = Front::start().await;
    for port in [front.nginx.port, front.stack.server.port] {
        for (bytes, status) in [(BODY_BYTES_MAX, 201), (BODY_BYTES_MAX + 1, 413)] {
            let body = user_of(bytes);
            let (first, second) = body.split_at(10_000);
            let request = format!(
                "POST /users HTTP/1.1\r\nHost: x\r\n{}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
                 {:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
                authorization(),
                first.len(),
                second.len()
            );
            let answer = ask(port, request.as_bytes()).await;
            assert_eq!(answer.status, status, "{bytes} bytes: {answer:?}");
            if status == 413 {
                check_problem(&answer, 413, "body_too_large");
            }
        }
    }
}

#[tokio::test]
async fn what_nginx_itself_refuses_is_a_problem_too() {
    let front = Front::start().await;
    let long = "x".repeat(9_000);
    let many: String = (0..10)
        .map(|n| format!("X-{n}: {}\r\n", "x".repeat(900)))
        .collect();
    for (request, status, code) in [
        (format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"), 414, "uri_too_long"),
        (format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {long}\r\n\r\n"), 431, "headers_too_large"),
        (format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n"), 431, "headers_too_large"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400, "malformed_request"),
        ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n".to_owned(), 400, "malformed_request"),
        ("GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), 400, "malformed_request"),
        ("GET /../x HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), 400, "malformed_request"),
        ("G@T / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), 400, "malformed_request"),
        ("POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n".to_owned(), 400, "malformed_request"),
        ("POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(), 400, "malformed_request"),
        ("POST /users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n".to_owned(), 400, "malformed_request"),
        ("GET / HTTP/3.0\r\nHost: x\r\n\r\n".to_owned(), 400, "malformed_request"),
        ("TRACE /transfers HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), 405, "method_not_allowed"),
    ] {
        let answer = ask(front.nginx.port, request.as_bytes()).await;
        check_problem(&answer, status, code);
        assert_eq!(answer.header("server"), "nginx");
        assert_eq!(!answer.header("allow").is_empty(), status == 405);
        assert!(!String::from_utf8_lossy(&answer.body).contains("nginx"));
    }
}

#[tokio::test]
async fn the_largest_header_block_that_nginx_takes_reaches_the_server() {
    let front = Front::start().await;
    // The request line in the first buffer of nginx, and in each of the others the longest line
    // that fits.
    let key = "k".repeat(255);
    let long = "x".repeat(4_000);
    let request = format!(
        "GET /transfers/{key} HTTP/1.1\r\nHost: x\r\n{}X-Long: {long}\r\nX-Longer: {long}\r\n\r\n",
        authorization()
    );
    let answer = ask(front.nginx.port, request.as_bytes()).await;
    check_problem(&answer, 404, "transfer_not_found");
}
