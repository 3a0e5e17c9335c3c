//! Whatever a client sends: no panic, no 500, and where there is an answer it is a good one. Each
//! test goes on from tests/corpus; `PROPTEST_CASES` asks for more of it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hyper::header::HeaderValue;
use hyper::http::uri::PathAndQuery;
use hyper::{HeaderMap, Method};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use remit::http::body::Fields;
use remit::http::idempotency_key::IdempotencyKey;
use remit::http::page::{CreationCursor, EntryCursor, Page};
use remit::http::problem::Problem;
use remit::http::route::{Route, is_public};
use remit::http::server::request_id;
use testbed::fuzz::{corpus, input, input_of};
use testbed::postgres::ADMIN_KEY;
use tokio::task::JoinSet;

use crate::problems::Told;
use crate::raw;
use crate::stack::Stack;

/// Requests that one case sends at the same time.
const REQUESTS: usize = 8;

/// A refusal that a client can be told.
fn check<T>(result: Result<T, Problem>) {
    if let Err(problem) = result {
        let status = problem.code.status();
        assert!((400..500).contains(&status), "{problem:?}");
        let body: serde_json::Value =
            serde_json::from_slice(&problem.to_json("r")).expect("a problem is JSON");
        assert_eq!(body["status"], status);
    }
}

fn methods() -> impl Strategy<Value = Method> {
    select(vec![
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::OPTIONS,
    ])
}

proptest! {
    #[test]
    fn every_target_has_a_route_or_a_problem(method in methods(), target in input("targets")) {
        // Only what hyper takes for a target comes so far.
        if let Ok(target) = PathAndQuery::try_from(target) {
            check(Route::find(&method, target.path()));
            is_public(target.path());
            check(Page::<EntryCursor>::of_query(target.query()));
            check(Page::<CreationCursor>::of_query(target.query()));
        }
    }

    #[test]
    fn every_header_is_read_or_refused(value in input("headers"), again in input("headers"), is_twice: bool) {
        let mut headers = HeaderMap::new();
        for value in [value, again].into_iter().take(1 + usize::from(is_twice)) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append("idempotency-key", value.clone());
                headers.append("x-request-id", value);
            }
        }
        if let Ok(Some(key)) = IdempotencyKey::of_headers(&headers) {
            key.id();
        }
        check(IdempotencyKey::required(&headers));
        let id = request_id(&headers);
        prop_assert!((1..=64).contains(&id.len()) && id.is_ascii(), "{id}");
    }

    #[test]
    fn every_body_is_taken_apart_or_refused(body in input("bodies"), order in Just(MEMBERS.to_vec()).prop_shuffle()) {
        let fields = Fields::parse(&body);
        if let Ok(mut fields) = fields {
            for (name, take) in order {
                check(take(&mut fields, name));
            }
            check(fields.finish());
        } else {
            check(fields.map(drop));
        }
    }
}

type Take = fn(&mut Fields, &str) -> Result<(), Problem>;

/// The members of all routes, each taken as its route does.
const MEMBERS: [(&str, Take); 16] = [
    ("source_id", |fields, name| fields.uuid(name).map(drop)),
    ("target_id", |fields, name| fields.uuid(name).map(drop)),
    ("user_id", |fields, name| {
        fields.optional_uuid(name).map(drop)
    }),
    ("amount", |fields, name| fields.integer(name).map(drop)),
    ("initial_balance", |fields, name| {
        fields.optional_integer(name).map(drop)
    }),
    ("floor", |fields, name| {
        fields.nullable_integer(name, 0).map(drop)
    }),
    ("transfer_max", |fields, name| {
        fields.required_nullable_integer(name).map(drop)
    }),
    ("daily_max", |fields, name| {
        fields.required_nullable_integer(name).map(drop)
    }),
    ("expires_at", |fields, name| {
        fields.optional_moment(name).map(drop)
    }),
    ("metadata", |fields, name| fields.metadata(name).map(drop)),
    ("currency", |fields, name| {
        fields.optional_text(name).map(drop)
    }),
    ("reference", |fields, name| {
        fields.optional_text(name).map(drop)
    }),
    ("name", |fields, name| fields.text(name).map(drop)),
    ("email", |fields, name| fields.optional_text(name).map(drop)),
    ("scope", |fields, name| fields.text(name).map(drop)),
    ("reason", |fields, name| {
        fields.optional_text(name).map(drop)
    }),
];

#[test]
fn whatever_comes_through_a_connection_is_answered_well_or_not_at_all() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime needs nothing special");
    let stack = runtime.block_on(Stack::start());
    let id = runtime.block_on(stack.http.wallet(100)).to_string();
    let fill_in = |input: Vec<u8>| {
        let text = String::from_utf8(input).expect("requests of the corpus are text");
        text.replace("{KEY}", ADMIN_KEY)
            .replace("{ID}", &id)
            .into_bytes()
    };
    let requests: Vec<Vec<u8>> = corpus("requests").into_iter().map(fill_in).collect();
    let port = stack.server.port;
    let send = |requests: Vec<Vec<u8>>| {
        let sending: JoinSet<_> = requests
            .into_iter()
            .map(|request| async move { (raw::send_for_all(port, &request).await, request) })
            .collect();
        for (answers, request) in runtime.block_on(sending.join_all()) {
            for answer in answers {
                let said = request.escape_ascii();
                assert!(answer.status < 500, "{answer:?} to {said}");
                // hyper itself says no more than a status to what is no HTTP.
                if answer.status >= 400 && !answer.body.is_empty() {
                    assert_ne!(answer.problem().1, "", "{answer:?} to {said}");
                }
            }
        }
    };
    // Unspoilt, they are all understood.
    let _guard = runtime.enter();
    send(requests.clone());
    let mut runner = TestRunner::default();
    let cases = runner
        .config()
        .cases
        .div_ceil(u32::try_from(REQUESTS).expect("a few"));
    runner = TestRunner::new(ProptestConfig::with_cases(cases));
    let case = vec(input_of(requests), REQUESTS);
    let ran = runner.run(&case, |requests| {
        let sent = catch_unwind(AssertUnwindSafe(|| send(requests)));
        sent.map_err(|_| TestCaseError::fail("see above"))
    });
    ran.expect("every request is answered well or not at all");
    runtime.block_on(async {
        assert_eq!(stack.http.get("/healthz").await.status, 200);
        stack.verify().await;
    });
    let log = std::fs::read_to_string(&stack.log).expect("the server logs");
    assert!(!log.contains("panicked") && !log.contains("\"ERROR\""));
    runtime.block_on(async { drop(stack) });
}
