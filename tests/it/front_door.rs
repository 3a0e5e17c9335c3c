//! The front door: what nginx adds to the server, and what it must leave as it is.

use hyper::Method;
use serde_json::{Value, json};
use testbed::http::Answer;
use uuid::Uuid;

use crate::front::Front;
use crate::problems::Told;
use crate::raw::{ask, authorization};

/// What nginx promises of every answer, its own and the server's.
pub fn check_headers(answer: &Answer) {
    let id = answer.header("x-request-id");
    assert!(
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{answer:?}"
    );
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("server", "nginx"),
    ] {
        assert_eq!(answer.header(name), value, "{name} of {answer:?}");
        assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{name}");
    }
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'self'"), "{answer:?}");
    assert_eq!(answer.headers.get_all("x-request-id").iter().count(), 1);
    assert!(!String::from_utf8_lossy(&answer.body).contains("nginx"));
}

#[tokio::test]
async fn the_server_s_answers_pass_as_they_are() {
    let front = Front::start().await;
    let http = &front.http;
    let (source, target) = (http.wallet(100).await, http.wallet(0).await);
    let posted = http.transfer_with_key("a key", source, target, 1).await;
    check_headers(&posted);
    let id = posted.id("id");
    assert_eq!(posted.status, 201);
    assert_eq!(posted.header("location"), format!("/transfers/{id}"));
    assert_eq!(posted.header("cache-control"), "no-store");

    let replayed = http.transfer_with_key("\"a key\"", source, target, 1).await;
    check_headers(&replayed);
    assert_eq!(replayed.header("idempotency-replayed"), "true");
    assert_eq!((replayed.status, &replayed.body), (201, &posted.body));
    let read = http.get("/transfers/a%20key").await;
    assert_eq!(read.json()["created_at"], posted.json()["created_at"]);

    let path = format!("/wallets/{target}");
    http.get(&path).await;
    let wallet = http.get(&path).await;
    check_headers(&wallet);
    assert_eq!(
        (wallet.header("etag"), wallet.header("x-cache")),
        ("\"1.0\"", "HIT")
    );
    let known = [("if-none-match", "\"1.0\"")];
    let known = http.send(Method::GET, &path, &known, "").await;
    assert_eq!((known.status, known.header("etag")), (304, "\"1.0\""));
    let head = http.send(Method::HEAD, &path, &[], "").await;
    assert_eq!((head.status, head.header("etag")), (200, "\"1.0\""));
    assert!(head.body.is_empty());
}

#[tokio::test]
async fn the_server_s_problems_pass_as_they_are() {
    let front = Front::start().await;
    let wallet = front.http.wallet(0).await;
    let user = json!({"user_id": Uuid::new_v4(), "currency": "USD"}).to_string();
    let transfer = json!({"source_id": wallet, "target_id": wallet, "amount": 1}).to_string();
    let keyed = [("idempotency-key", "k")];
    let text = [("content-type", "text/plain")];
    let json = [("content-type", "application/json"), keyed[0]];
    for (method, path, headers, body, status) in [
        (Method::GET, "/nothing", &[][..], "", 404),
        (Method::GET, "/wallets/7", &[], "", 400),
        (Method::DELETE, "/transfers", &[], "", 405),
        (Method::POST, "/healthz", &[], "", 405),
        (Method::POST, "/users", &text, "{}", 415),
        (Method::POST, "/users", &json, "{", 400),
        (Method::POST, "/wallets", &json, &user, 404),
        (Method::POST, "/transfers", &json[..1], &transfer, 400),
        (Method::POST, "/transfers", &json, &transfer, 422),
    ] {
        let through = front
            .http
            .send(method.clone(), path, headers, body.to_owned())
            .await;
        let direct = front
            .stack
            .http
            .send(method, path, headers, body.to_owned())
            .await;
        check_headers(&through);
        assert_eq!(through.status, status, "{path} {through:?}");
        let id = through.header("x-request-id");
        assert_eq!(
            without_request_id(&through, id),
            without_request_id(&direct, ""),
            "{path}"
        );
        for name in ["allow", "retry-after", "content-type", "cache-control"] {
            let values = |answer: &Answer| {
                answer
                    .headers
                    .get_all(name)
                    .iter()
                    .cloned()
                    .collect::<Vec<_>>()
            };
            assert_eq!(values(&through), values(&direct), "{name} of {path}");
        }
    }
}

/// The problem, whose request id must be this one, if it is given.
fn without_request_id(answer: &Answer, id: &str) -> Value {
    let mut problem = answer.json();
    let found = problem["request_id"].take();
    assert!(id.is_empty() || found == id, "{answer:?}");
    problem
}

#[tokio::test]
async fn a_wallet_held_elsewhere_is_the_server_s_503() {
    let front = Front::start().await;
    let (source, target) = (front.http.wallet(100).await, front.http.wallet(0).await);
    let _held = front.stack.hold(source).await;
    let busy = front.http.transfer(source, target, 1).await;
    assert_eq!(busy.problem(), (503, "wallet_busy".to_owned()));
    assert_eq!(busy.headers.get_all("retry-after").iter().count(), 1);
    check_headers(&busy);
}

#[tokio::test]
async fn the_request_id_is_made_by_nginx_and_reaches_every_log() {
    let front = Front::start().await;
    let (source, target) = (front.http.wallet(100).await, front.http.wallet(0).await);
    let body = json!({"source_id": source, "target_id": target, "amount": 1}).to_string();
    let headers = [("x-request-id", "forged"), ("idempotency-key", "k")];
    let posted = front.http.post_bytes("/transfers", &headers, body).await;
    check_headers(&posted);
    let id = posted.header("x-request-id");
    let has_line = |log: &str| {
        log.lines()
            .any(|line| line.contains(id) && line.contains("201"))
    };
    front.nginx.log_once(has_line).await;
    let server_log = std::fs::read_to_string(&front.stack.log).expect("the server has a log");
    assert!(has_line(&server_log));
    assert!(!server_log.contains("forged"));
    let owner = front.stack.owner().await;
    let stored = owner
        .query_one(
            "select request_id from remit.transfers where request_id = $1",
            &[&id],
        )
        .await;
    assert!(stored.is_ok(), "the journal names the request");
}

#[tokio::test]
async fn the_log_is_json_and_holds_no_key() {
    let front = Front::start().await;
    front.http.get("/transfers/planted-key?planted=query").await;
    front.http.get("/wallets/x?planted=query").await;
    ask(
        front.nginx.port,
        b"GET /\xff\"\\\x01planted HTTP/1.1\r\nHost: x\r\n\r\n",
    )
    .await;
    ask(
        front.nginx.port,
        b"GET //transfers//planted-key HTTP/1.1\r\nHost: x\r\n\r\n",
    )
    .await;
    let log = front.nginx.log_once(|log| log.lines().count() == 4).await;
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(
            line["request_id"].is_string() && line["status"].is_number(),
            "{line}"
        );
    }
    assert!(!log.contains("planted"), "{log}");
}

#[tokio::test]
async fn metrics_are_not_reachable_in_any_spelling() {
    let front = Front::start().await;
    let direct = front.stack.http.get("/metrics").await;
    assert_eq!(direct.status, 200);
    assert!(String::from_utf8_lossy(&direct.body).contains("remit_"));
    for target in [
        "/metrics",
        "/metrics?",
        "/metrics?x=1",
        "/metrics/",
        "//metrics",
        "/./metrics",
        "/x/../metrics",
        "/metrics/.",
        "/metrics/../metrics",
        "/%6detrics",
        "/%6Detrics",
        "/metrics%2f",
        "/METRICS",
        "/metrics;x",
        "/metrics#x",
        "/metrics//x",
        "/healthz/../metrics",
        "/healthz/..%2fmetrics",
        "http://127.0.0.1/metrics",
        "http://other//metrics?",
    ] {
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: x\r\n{}Connection: close\r\n\r\n",
            authorization()
        );
        let answer = ask(front.nginx.port, request.as_bytes()).await;
        assert_eq!(
            answer.problem(),
            (404, "route_not_found".to_owned()),
            "{target}"
        );
    }
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_take_it() {
    let front = Front::start().await;
    let gzip = [("accept-encoding", "gzip")];
    for path in [
        "/openapi.json",
        "/docs/swagger-ui.css",
        "/docs/swagger-ui-bundle.js",
        "/docs/init.js",
    ] {
        let plain = front.http.get(path).await;
        let packed = front.http.send(Method::GET, path, &gzip, "").await;
        assert_eq!((plain.status, packed.status), (200, 200));
        assert_eq!(plain.header("content-encoding"), "", "{path}");
        assert_eq!(packed.header("content-encoding"), "gzip", "{path}");
        assert_eq!(packed.header("vary"), "Accept-Encoding", "{path}");
        assert!(packed.body.starts_with(&[0x1f, 0x8b]) && packed.body.len() < plain.body.len());
    }
    let small = front.http.send(Method::GET, "/healthz", &gzip, "").await;
    assert_eq!(small.header("content-encoding"), "");

    // nginx makes the tag of a compressed answer a weak one, which must still be known.
    let metadata = json!({"text": "x".repeat(2_000)});
    let body = json!({"user_id": front.http.user().await, "currency": "USD", "metadata": metadata});
    let path = format!(
        "/wallets/{}",
        front.http.post("/wallets", &body).await.id("id")
    );
    let wallet = front.http.send(Method::GET, &path, &gzip, "").await;
    assert_eq!(
        (wallet.header("content-encoding"), wallet.header("etag")),
        ("gzip", "W/\"0.0\"")
    );
    let known = [gzip[0], ("if-none-match", "W/\"0.0\"")];
    assert_eq!(
        front.http.send(Method::GET, &path, &known, "").await.status,
        304
    );
}
