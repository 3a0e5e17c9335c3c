//! Pages of other origins at the front door (CORS), and what limits clients are told.

use hyper::Method;
use serde_json::json;
use testbed::http::Answer;

use crate::front::Front;
use crate::front_door::check_headers;
use crate::problems::Told;

const ORIGIN: &str = "https://wallet.example";
const LISTED: &str = "http://localhost:3000 https://wallet.example https://app.wallet.example";

fn names(answer: &Answer, name: &str) -> Vec<String> {
    let values = answer.headers.get_all(name).iter();
    let texts = values.map(|value| value.to_str().expect("headers are ASCII").to_lowercase());
    texts.collect()
}

/// What a browser asks before a page's request.
async fn preflight(front: &Front, origin: &str, method: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", method),
        (
            "access-control-request-headers",
            "authorization,content-type,idempotency-key",
        ),
    ];
    let http = front.http.without_key();
    http.send(Method::OPTIONS, "/transfers", &headers, "").await
}

#[tokio::test]
async fn no_page_of_another_origin_may_ask_unless_it_is_listed() {
    let front = Front::start().await;
    // With an empty list, not even an origin that is empty too.
    for origin in [ORIGIN, "null", "", "|", " "] {
        let refused = preflight(&front, origin, "POST").await;
        assert_eq!(refused.problem(), (401, "unauthenticated".to_owned()));
        let headers = [("origin", origin)];
        let got = front.http.send(Method::GET, "/healthz", &headers, "").await;
        assert_eq!(got.status, 200);
        for answer in [refused, got] {
            let mut names = answer.headers.keys().map(|name| name.as_str());
            let tells = |name: &str| name.starts_with("access-control") || name == "vary";
            assert!(!names.any(tells), "{origin}: {answer:?}");
        }
    }
    let front = Front::start_with_settings(&[("REMIT_CORS_ORIGINS", LISTED)]).await;
    for origin in [
        "https://wallet.example.evil",
        "https://wallet.exampl",
        "https://walletxexample",
        "https://evil.wallet.example",
        "evil https://wallet.example",
        "https://wallet.example/",
        "wallet.example",
        "http://wallet.example",
        "https://wallet.example:443",
        "https://WALLET.example",
        "localhost:3000",
        "null",
        "",
        "|",
        " ",
        "https://evil https://evil",
        "https://evil|https://evil",
        LISTED,
    ] {
        let refused = preflight(&front, origin, "POST").await;
        assert_eq!(refused.status, 401, "{origin}");
        let headers = [("origin", origin)];
        let got = front.http.send(Method::GET, "/healthz", &headers, "").await;
        for answer in [refused, got] {
            assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
            assert_eq!(names(&answer, "vary"), ["origin"], "{origin}");
        }
    }
}

#[tokio::test]
async fn a_page_of_a_listed_origin_may_do_what_a_user_s_key_may() {
    let front = Front::start_with_settings(&[("REMIT_CORS_ORIGINS", LISTED)]).await;
    for origin in LISTED.split(' ') {
        let allowed = preflight(&front, origin, "POST").await;
        check_headers(&allowed);
        assert_eq!((allowed.status, allowed.body.len()), (204, 0));
        assert_eq!(allowed.header("access-control-allow-origin"), origin);
        assert_eq!(
            allowed.header("access-control-allow-methods"),
            "GET, HEAD, POST"
        );
        let headers = allowed
            .header("access-control-allow-headers")
            .to_lowercase();
        for name in ["authorization", "content-type", "idempotency-key"] {
            assert!(headers.contains(name), "{headers}");
        }
        assert_eq!(allowed.header("access-control-allow-credentials"), "");
        assert_eq!(allowed.header("access-control-max-age"), "600");
    }
    let (user, target) = (front.http.user().await, front.http.wallet(0).await);
    let wallet = json!({"user_id": user, "currency": "USD", "initial_balance": 5});
    let source = front.http.post("/wallets", &wallet).await.id("id");
    let body = json!({"source_id": source, "target_id": target, "amount": 1}).to_string();
    let http = front.http.scoped("user", Some(user)).await;
    let headers = [("origin", ORIGIN), ("idempotency-key", "k")];
    let posted = http.post_bytes("/transfers", &headers, body).await;
    let absent = http
        .send(Method::GET, "/wallets/x", &headers[..1], "")
        .await;
    let nginx_s_own = http.send(Method::TRACE, "/users", &headers[..1], "").await;
    assert_eq!(
        (posted.status, absent.status, nginx_s_own.status),
        (201, 400, 405)
    );
    for answer in [posted, absent, nginx_s_own] {
        assert_eq!(names(&answer, "access-control-allow-origin"), [ORIGIN]);
        assert_eq!(names(&answer, "vary"), ["origin"]);
        let exposed = answer.header("access-control-expose-headers");
        assert!(
            exposed.contains("Idempotency-Replayed, Location"),
            "{exposed}"
        );
        assert_eq!(answer.header("access-control-allow-methods"), "");
    }
}

#[tokio::test]
async fn every_answer_names_the_limits() {
    let front = Front::start_with_settings(&[
        ("REMIT_ADDRESS_RATE_LIMIT", "700r/s"),
        ("REMIT_ADDRESS_REQUESTS_MAX", "80"),
        ("REMIT_KEY_RATE_LIMIT", "600r/s"),
        ("REMIT_RATE_LIMIT", "1r/m"),
        ("REMIT_RATE_BURST", "1"),
    ])
    .await;
    let of_address = r#""address";q=700;w=1, "concurrency";q=80;qu="concurrent-requests""#;
    let of_key = format!(r#"{of_address}, "key";q=600;w=1"#);
    let of_transfers = format!(r#"{of_key}, "transfers";q=1;w=60"#);
    let wallet = front.http.wallet(0).await;
    let without_key = front.http.without_key();
    let first = front.http.transfer(wallet, wallet, 1).await;
    front.http.transfer(wallet, wallet, 1).await;
    let limited = front.http.transfer(wallet, wallet, 1).await;
    assert_eq!((first.status, limited.status), (422, 429));
    for (answer, policy) in [
        (front.http.get("/healthz").await, &of_key),
        (front.http.get("/metrics").await, &of_key),
        (front.http.get("/transfers/k").await, &of_key),
        (first, &of_transfers),
        (limited, &of_transfers),
        (without_key.get("/healthz").await, &of_address.to_owned()),
        (without_key.get("/keys").await, &of_address.to_owned()),
    ] {
        assert_eq!(answer.header("ratelimit-policy"), policy, "{answer:?}");
    }
}
