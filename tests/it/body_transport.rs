//! Bodies that are too long, break off, or claim to be something else.

use hyper::Method;
use testbed::http::Answer;

use crate::problems::Told;
use crate::raw;
use crate::stack::Stack;

const BODY: &str = r#"{"name":"Ann"}"#;

async fn post(stack: &Stack, headers: &str, body: &str) -> Answer {
    let request = raw::post_head("/users", headers) + body;
    raw::send(stack.server.port, request.as_bytes()).await
}

fn chunked(body: &str) -> String {
    let chunks = body.as_bytes().chunks(1_000);
    let text = chunks.map(|chunk| {
        let text = str::from_utf8(chunk).expect("these bodies are ASCII");
        format!("{:x}\r\n{text}\r\n", chunk.len())
    });
    text.collect::<String>() + "0\r\n\r\n"
}

#[tokio::test]
async fn a_body_may_have_16_kib_and_not_a_byte_more() {
    let stack = Stack::start().await;
    let padded = |length: usize| format!("{BODY}{}", " ".repeat(length - BODY.len()));
    for (length, status) in [(16_384, 201), (16_385, 413), (60_000, 413)] {
        let body = padded(length);
        let whole = post(&stack, &format!("Content-Length: {length}\r\n"), &body).await;
        assert_eq!(whole.status, status, "{length}");
        let in_chunks = post(&stack, "Transfer-Encoding: chunked\r\n", &chunked(&body)).await;
        assert_eq!(in_chunks.status, status, "{length} in chunks");
        if status == 413 {
            assert_eq!(whole.problem().1, "body_too_large");
            assert_eq!(in_chunks.problem().1, "body_too_large");
        }
    }
    // Told before any of it is sent.
    let claimed = post(&stack, "Content-Length: 999999999999\r\n", "").await;
    assert_eq!(claimed.problem(), (413, "body_too_large".to_owned()));
    let deep = "[".repeat(100_000);
    let nested = post(&stack, "Content-Length: 100000\r\n", &deep).await;
    assert_eq!(nested.problem(), (413, "body_too_large".to_owned()));
    assert_eq!(stack.count("users").await, 2);
}

#[tokio::test]
async fn a_body_that_breaks_off_writes_nothing() {
    let stack = Stack::start().await;
    for (headers, body) in [
        ("Content-Length: 14\r\n", &BODY[..13]),
        ("Content-Length: 15\r\n", BODY),
        ("Content-Length: 15\r\n", ""),
        (
            "Transfer-Encoding: chunked\r\n",
            "e\r\n{\"name\":\"Ann\"}\r\n",
        ),
        ("Transfer-Encoding: chunked\r\n", "e\r\n{\"name\""),
        ("Transfer-Encoding: chunked\r\n", "zz\r\n"),
    ] {
        let request = raw::post_head("/users", headers) + body;
        let answer = raw::send_and_end(stack.server.port, request.as_bytes()).await;
        assert!(
            answer.is_none_or(|answer| answer.status == 400),
            "{headers} {body}"
        );
    }
    assert_eq!(stack.count("users").await, 0);
    assert_eq!(
        post(&stack, "Content-Length: 14\r\n", BODY).await.status,
        201
    );
}

#[tokio::test]
async fn a_head_that_is_no_http_is_refused() {
    let stack = Stack::start().await;
    for request in [
        "nonsense\r\n\r\n".to_owned(),
        "POST /users HTTP/9.9\r\n\r\n".to_owned(),
        raw::post_head("/users", "Content-Length: x\r\n") + BODY,
        raw::post_head("/users", "Content-Length: 14\r\nContent-Length: 15\r\n") + BODY,
        raw::post_head("/users", "No Colon\r\n") + BODY,
        raw::post_head("/users", &format!("X-Long: {}\r\n", "x".repeat(40_000))) + BODY,
    ] {
        let answer = raw::send(stack.server.port, request.as_bytes()).await;
        assert!(
            matches!(answer.status, 400 | 431),
            "{request:.80} {answer:?}"
        );
    }
    assert_eq!(stack.count("users").await, 0);
    assert_eq!(stack.http.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_body_that_is_encoded_is_refused_and_not_decoded() {
    let stack = Stack::start().await;
    for (encodings, status) in [
        (&["gzip"][..], 415),
        (&["br"], 415),
        (&["GZIP"], 415),
        (&["identity, gzip"], 415),
        (&["identity", "gzip"], 415),
        (&[""], 415),
        (&["identity"], 201),
        (&["Identity", "identity"], 201),
    ] {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(encodings.iter().map(|value| ("content-encoding", *value)));
        let answer = stack
            .http
            .send(Method::POST, "/users", &headers, BODY)
            .await;
        let accepted = answer.header("accept-encoding");
        if status == 201 {
            assert_eq!((answer.status, accepted), (201, ""), "{encodings:?}");
        } else {
            let problem = (415, "unsupported_encoding".to_owned());
            assert_eq!(answer.problem(), problem, "{encodings:?}");
            assert_eq!(accepted, "identity");
        }
    }
    assert_eq!(stack.count("users").await, 2);
}

#[tokio::test]
async fn only_application_json_is_taken() {
    let stack = Stack::start().await;
    for (content_type, status) in [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("Application/JSON", 201),
        ("", 415),
        ("text/plain", 415),
        ("text/json", 415),
        ("application/jsonx", 415),
        ("application/problem+json", 415),
        ("application/json, text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=application/json", 415),
    ] {
        let headers = [("content-type", content_type)];
        let answer = stack
            .http
            .send(Method::POST, "/users", &headers, BODY)
            .await;
        assert_eq!(answer.status, status, "{content_type}");
    }
    let without = stack.http.send(Method::POST, "/users", &[], BODY).await;
    assert_eq!(
        without.problem(),
        (415, "unsupported_media_type".to_owned())
    );
    assert_eq!(stack.count("users").await, 3);
}
