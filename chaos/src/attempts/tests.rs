//! What an attempt alone can show to be wrong.

use std::path::Path;

use tokio_postgres::Config;

use super::*;
use crate::history::History;
use crate::http::Http;
use crate::sql::Sql;
use uuid::Uuid;

/// Attempts of a client that reaches nobody.
fn attempts() -> Attempts {
    let http = Http::new(1, "key");
    let history = History::create(Path::new("/dev/null")).expect("it takes everything");
    let hub = Hub::new(http, Sql::new(Config::new()), history);
    Attempts::new(Arc::new(hub), 0)
}

fn call() -> Call {
    Call::post("/transfers", "key", json!({}))
}

/// What is found once a client has heard or seen something.
fn found(hear: impl FnOnce(&Attempts)) -> Vec<Rule> {
    let attempts = attempts();
    hear(&attempts);
    let violations = attempts.hub.history.violations();
    violations.into_iter().map(|(rule, ..)| rule).collect()
}

fn reply(status: u16, has_retry_after: bool) -> Result<Reply, Lost> {
    Ok(Reply {
        status,
        body: String::new(),
        has_retry_after,
    })
}

#[test]
fn each_answer_is_judged_by_its_status() {
    let judged = |reply| found(|attempts| drop(attempts.judge(&call(), reply)));
    for status in [200, 201, 404, 422] {
        assert_eq!(judged(reply(status, false)), []);
    }
    for status in [409, 429, 502, 503, 504] {
        assert_eq!(judged(reply(status, true)), []);
        assert_eq!(judged(reply(status, false)), [Rule::RetryAfterGiven]);
    }
    assert_eq!(judged(reply(500, false)), [Rule::NoInternalError]);
    assert_eq!(judged(reply(400, false)), [Rule::UnexpectedAnswer]);
    assert_eq!(judged(Err(Lost::Silence)), [Rule::AnswerInTime]);
    let ended = Lost::Connection("reset".to_owned());
    assert_eq!(judged(Err(ended)), []);
}

#[test]
fn each_state_of_sql_is_judged() {
    let transfer = Transfer {
        key: "key".to_owned(),
        source_id: Uuid::from_u128(1),
        target_id: Uuid::from_u128(2),
        amount: 1,
        reference: None,
    };
    let judged = |state| found(|attempts| attempts.judge_state(&transfer, state));
    assert_eq!(judged("57P01"), []);
    assert_eq!(judged("40P01"), [Rule::NoDeadlock]);
    assert_eq!(judged("XX000"), [Rule::UnexpectedAnswer]);
}

#[test]
fn a_twin_that_is_in_progress_for_too_long_is_found() {
    let watched = |since_s, twins| {
        found(|attempts| {
            let call = Call { twins, ..call() };
            let start = Instant::now();
            let set_out = start + Duration::from_secs(since_s);
            attempts.watch_marker(&call, Some(409), set_out, &mut Some(start));
        })
    };
    assert_eq!(watched(12, 1), []);
    assert_eq!(watched(13, 1), [Rule::StuckMarker]);
    assert_eq!(watched(13, 2), []);
}

#[test]
fn a_wait_without_postgresql_is_found() {
    let watched = |waited_s| {
        found(|attempts| {
            attempts.hub.away.begin();
            let start = Instant::now();
            let ended = start + Duration::from_secs(waited_s);
            attempts.watch_refusal(&call(), start, ended);
        })
    };
    assert_eq!(watched(1), []);
    assert_eq!(watched(3), [Rule::RefusedInTime]);
}

#[tokio::test]
async fn a_request_without_a_final_answer_is_found() {
    let attempts = attempts();
    attempts.hub.give_up();
    assert_eq!(attempts.http(&call()).await, None);
    assert_eq!(attempts.hub.history.violations()[0].0, Rule::RetriesSettle);
}
