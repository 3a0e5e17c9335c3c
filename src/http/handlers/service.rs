//! What the service says of itself.

use hyper::header::{CACHE_CONTROL, HeaderValue};
use serde_json::json;

use super::Handled;
use crate::base::{clock, open_metrics};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::docs;
use crate::http::problem::{Code, More, Problem};
use crate::sql::contract;

const OPEN_METRICS: HeaderValue = HeaderValue::from_static(open_metrics::MEDIA_TYPE);

/// Sends a browser to the documentation. A program reads where it is.
pub(super) fn root() -> Handled {
    let places = json!({"docs": "/docs", "openapi": "/openapi.json", "asyncapi": "/asyncapi.json"});
    Answer::found("/docs", &places)
}

pub(super) async fn readyz(app: &App) -> Handled {
    // In a box, as in `Database::attempt`.
    let readiness = Box::pin(app.probe.readiness()).await;
    let problem = match readiness.is_ready() {
        _ if app.is_stopping() => Problem::new(Code::Stopping, "Ask another server."),
        false => Problem::new(
            Code::DatabaseUnavailable,
            "The server works again once it reaches PostgreSQL.",
        ),
        true => return Answer::ok(&readiness),
    };
    Err(Problem {
        more: Some(Box::new(More::Dependencies(readiness.dependencies))),
        ..problem
    })
}

pub(super) async fn metrics(app: &App) -> Answer {
    // Without PostgreSQL the rest is still worth reading; the lag stays what it was.
    if let Ok(lag) = contract::outbox_lag(&app.database).await {
        let age = lag.oldest_at.map(|oldest_at| clock::now() - oldest_at);
        let age_s = age.map_or(0, |age| age.whole_seconds().max(0));
        app.metrics.outbox(lag.events.unwrap_or(0), age_s);
        // Also of what others have written: other servers, people in psql.
        if let Some(newest_at) = lag.newest_at {
            app.metrics.moment(newest_at);
        }
    }
    app.metrics.clock(clock::now());
    if let Ok(standstill) = contract::standstill(&app.database).await {
        app.metrics.outbox_aside(standstill.events_aside.into());
    }
    Answer::bytes(OPEN_METRICS, app.metrics.encode())
}

pub(super) fn docs_asset(name: &str) -> Handled {
    let asset = docs::asset(name)
        .ok_or_else(|| Problem::new(Code::RouteNotFound, "GET /docs is the page."))?;
    let answer = Answer::bytes(HeaderValue::from_static(asset.content_type), asset.bytes);
    // The page is large and changes with a release only.
    Ok(answer.with(CACHE_CONTROL, HeaderValue::from_static("max-age=3600")))
}
