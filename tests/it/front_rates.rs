//! The limits of the front door that hold for every route: per address, per key, and for slow
//! clients. A rate of one a minute does not refill while a test runs.

use std::net::Ipv4Addr;
use std::time::Duration;

use hyper::Method;
use testbed::http::{Answer, Http};
use testbed::nginx::Nginx;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::front::Front;
use crate::problems::Told;
use crate::raw::{self, Connection};

const OTHER_ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const ROUTES: [(Method, &str); 6] = [
    (Method::GET, "/healthz"),
    (Method::GET, "/docs"),
    (Method::POST, "/transfers"),
    (Method::GET, "/transfers/k"),
    (Method::POST, "/users"),
    (Method::GET, "/nothing"),
];

fn check_refused(answer: &Answer, detail: &str) {
    assert_eq!(answer.problem(), (429, "rate_limited".to_owned()));
    assert_eq!(answer.header("retry-after"), "1");
    let said = answer.json()["detail"].to_string();
    assert!(said.contains(detail), "{said}");
}

/// The text of a key whose random part begins so.
fn bearer(start: &str) -> String {
    format!("Bearer remit_1_{start:0<64}")
}

async fn get_with(http: &Http, authorization: &str) -> u16 {
    let headers = [("authorization", authorization)];
    http.send(Method::GET, "/healthz", &headers, "")
        .await
        .status
}

#[tokio::test]
async fn an_address_asks_no_more_often_than_its_limit_whatever_it_asks() {
    let front = Front::start_with_settings(&[
        ("REMIT_ADDRESS_RATE_LIMIT", "1r/m"),
        ("REMIT_ADDRESS_RATE_BURST", "5"),
    ])
    .await;
    // Six guesses at keys, each another one.
    for guess in 0..6 {
        assert_eq!(
            get_with(&front.http, &bearer(&guess.to_string())).await,
            200
        );
    }
    for (method, path) in ROUTES {
        let headers = [("authorization", "Bearer remit_1_7")];
        let refused = front.http.send(method, path, &headers, "").await;
        check_refused(&refused, "Too many requests from this address");
    }
    let other = Http::from_address(front.nginx.port, OTHER_ADDRESS);
    assert_eq!(other.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_key_is_used_no_more_often_than_its_limit_wherever_it_is_used() {
    let front = Front::start_with_settings(&[
        ("REMIT_KEY_RATE_LIMIT", "1r/m"),
        ("REMIT_KEY_RATE_BURST", "3"),
    ])
    .await;
    let other = Http::from_address(front.nginx.port, OTHER_ADDRESS);
    let key = bearer("a1");
    for http in [&front.http, &other, &front.http, &other] {
        assert_eq!(get_with(http, &key).await, 200);
    }
    for (method, path) in ROUTES {
        for spelling in [key.clone(), key.replacen("Bearer ", "bearer   ", 1)] {
            let headers = [("authorization", spelling.as_str())];
            let refused = other.send(method.clone(), path, &headers, "").await;
            check_refused(&refused, "or with this key");
        }
    }
    for _ in 0..4 {
        assert_eq!(get_with(&other, &bearer("a2")).await, 200);
    }
    // Without a key, or with what is none, only the address counts.
    for _ in 0..8 {
        assert_eq!(other.without_key().get("/healthz").await.status, 200);
        assert_eq!(get_with(&other, "Basic dTpw").await, 200);
    }
}

#[tokio::test]
async fn an_address_has_no_more_requests_in_progress_than_its_limit() {
    let front = Front::start_with_settings(&[("REMIT_ADDRESS_REQUESTS_MAX", "2")]).await;
    let mut slow = Vec::new();
    for _ in 0..2 {
        let mut connection = Connection::open(front.nginx.port).await;
        let headers = "Expect: 100-continue\r\nContent-Length: 14\r\n";
        let head = raw::head("POST", "/users", headers);
        connection.send(head.as_bytes()).await;
        // From then on the request is in progress.
        connection.expect(b"HTTP/1.1 100 Continue\r\n\r\n").await;
        connection.send(b"{\"name\"").await;
        slow.push(connection);
    }
    let refused = front.http.get("/healthz").await;
    check_refused(&refused, "at the same time");
    let other = Http::from_address(front.nginx.port, OTHER_ADDRESS);
    assert_eq!(other.get("/healthz").await.status, 200);
    for mut connection in slow {
        connection.send(b":\"Ann\"}").await;
        let created = connection.receive().await.expect("an answer");
        assert_eq!(created.status, 201, "{created:?}");
    }
    assert_eq!(front.http.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_client_that_is_slow_to_send_is_cut() {
    let shorter = |conf: String| {
        for timeout in ["client_header_timeout 10s;", "client_body_timeout 10s;"] {
            assert!(conf.contains(timeout));
        }
        conf.replace("client_header_timeout 10s;", "client_header_timeout 500ms;")
            .replace("client_body_timeout 10s;", "client_body_timeout 500ms;")
    };
    let front = Front::start_with("1000r/s", 1_000, shorter).await;
    let before = front.proxy.accepted();
    // A header that arrives byte by byte does not earn more time.
    let mut header = Connection::open(front.nginx.port).await;
    let mut bytes = b"GET /healthz HTTP/1.1\r\nX: ".iter().chain(&[b'x'; 200]);
    while !header.is_closed_within(Duration::from_millis(50)).await {
        let byte = bytes.next().expect("cut long before the end");
        header.try_send(&[*byte]).await;
    }
    let mut body = Connection::open(front.nginx.port).await;
    body.send(b"POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n{")
        .await;
    assert!(body.is_closed_within(Duration::from_secs(5)).await);
    let silent = Connection::open(front.nginx.port).await;
    assert!({ silent }.is_closed_within(Duration::from_secs(5)).await);
    assert_eq!(
        front.proxy.accepted(),
        before,
        "the server met none of them"
    );
}

#[tokio::test]
async fn the_key_reaches_the_server_and_no_log() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let upstream = listener.local_addr().expect("it is bound").port();
    let server = tokio::spawn(async move {
        let mut requests = Vec::new();
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.expect("nginx connects");
            let (mut request, mut chunk) = (Vec::new(), [0; 4_096]);
            while !request.ends_with(b"\r\n\r\n") {
                let length = stream.read(&mut chunk).await.expect("nginx writes");
                request.extend_from_slice(&chunk[..length]);
            }
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(answer).await.expect("nginx reads");
            requests.push(String::from_utf8(request).expect("a head is text"));
        }
        requests
    });
    let settings = [
        ("REMIT_KEY_RATE_LIMIT", "1r/m"),
        ("REMIT_KEY_RATE_BURST", "1"),
    ];
    let nginx = Nginx::start_with_settings(upstream, &settings, |conf| conf).await;
    let http = Http::new(nginx.port);
    let key = bearer("5ec4e7");
    for _ in 0..2 {
        assert_eq!(get_with(&http, &key).await, 200);
    }
    for request in server.await.expect("it does not panic") {
        let headers = request.lines().filter_map(|line| line.split_once(": "));
        let ours = headers.filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        assert_eq!(ours.map(|(_, value)| value).collect::<Vec<_>>(), [&key]);
    }
    // Refused, and malformed.
    assert_eq!(get_with(&http, &key).await, 429);
    let malformed = format!("GET / HTTP/1.1\r\nAuthorization: {key}\r\n\r\n");
    raw::ask(nginx.port, malformed.as_bytes()).await;
    let log = nginx.log_once(|log| log.lines().count() >= 4).await;
    assert!(!log.contains("5ec4e7"), "{log}");
}
