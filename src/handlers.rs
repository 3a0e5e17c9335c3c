//! One function for each route: parse, ask, answer. No decision about money is made here.

use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::Answer;
use crate::answer_store::{Hint, Kind, StoredAnswer, fingerprint};
use crate::app::{App, LEDGER_ID};
use crate::contract;
use crate::docs;
use crate::idempotency::Key;
use crate::metrics::ReplaySource;
use crate::problem::{Code, Failure, Problem};
use crate::request::{Page, no_query};
use crate::route::Route;

mod service;
mod transfers;
mod users;
mod wallets;

type Handled = Result<Answer, Problem>;

/// Answers a request whose route is known.
pub async fn handle(
    app: &App,
    route: Route,
    request: Request<Incoming>,
    request_id: &str,
) -> Handled {
    let (head, body) = request.into_parts();
    let query = head.uri.query();
    match route {
        Route::UserCreate => {
            no_query(query)?;
            users::user_create(app, &head, body).await
        }
        Route::WalletCreate => {
            no_query(query)?;
            wallets::wallet_create(app, &head, body, request_id).await
        }
        Route::TransferCreate => {
            no_query(query)?;
            transfers::transfer_create(app, &head, body, request_id).await
        }
        Route::UserGet(id) => {
            no_query(query)?;
            users::user_get(app, id).await
        }
        Route::WalletGet(id) => {
            no_query(query)?;
            wallets::wallet_get(app, id, &head.headers).await
        }
        Route::TransferGet(key) => {
            no_query(query)?;
            transfers::transfer_get(app, &key).await
        }
        Route::WalletList(user_id) => {
            users::wallet_list(app, user_id, Page::of_query(query)?).await
        }
        Route::EntryList(wallet_id) => {
            wallets::entry_list(app, wallet_id, Page::of_query(query)?).await
        }
        Route::Healthz => Ok(Answer::ok(&json!({"status": "alive"}))),
        Route::Readyz => Ok(service::readyz(app).await),
        Route::Metrics => Ok(service::metrics(app).await),
        Route::Openapi => Ok(Answer::bytes(
            HeaderValue::from_static("application/json"),
            docs::OPENAPI,
        )),
        Route::Docs(name) => service::docs_asset(name),
    }
}

/// The id that the key names, or a new one: with an id a call may be made twice.
fn id_of(key: Option<&Key>) -> Uuid {
    key.map_or_else(Uuid::new_v4, Key::id)
}

/// Creates something once per key. `create` gives its id, its body, and whether it was there already.
async fn once(
    app: &App,
    kind: Kind,
    key: Option<&Key>,
    content: &Value,
    collection: &str,
    create: impl AsyncFnOnce() -> Result<(Uuid, Vec<u8>, bool), Problem>,
) -> Handled {
    let hint = match key {
        Some(key) => {
            let store = &app.answer_store;
            store
                .begin(LEDGER_ID, kind, key.id(), fingerprint(content))
                .await
        }
        None => Hint::Ask(None),
    };
    let marker = match hint {
        Hint::InProgress => return Err(in_progress()),
        Hint::Overdue => {
            wait_unless_there(app, kind, id_of(key)).await?;
            None
        }
        Hint::Answered(stored) => {
            app.metrics.replay(ReplaySource::Redis);
            let id = key.map(Key::id).unwrap_or_default();
            return Ok(Answer::created(&format!("{collection}/{id}"), stored.body).replayed(true));
        }
        Hint::Ask(marker) => marker,
    };
    let created = create().await;
    if let Some(marker) = marker {
        match &created {
            Ok((_, body, _)) => {
                let body = Bytes::copy_from_slice(body);
                app.answer_store
                    .finish([(marker, StoredAnswer { status: 201, body })])
                    .await;
            }
            Err(_) => app.answer_store.release([marker]).await,
        }
    }
    let (id, body, is_replay) = created?;
    if is_replay {
        app.metrics.replay(ReplaySource::Postgresql);
    }
    Ok(Answer::created(&format!("{collection}/{id}"), body).replayed(is_replay))
}

fn in_progress() -> Problem {
    Problem::new(
        Code::TransferInProgress,
        "Wait for the answer to the first request, or try again.",
    )
}

/// Lets a twin through to PostgreSQL, which replays, where the first request has ended well.
async fn wait_unless_there(app: &App, kind: Kind, id: Uuid) -> Result<(), Problem> {
    let database = &app.database;
    let is_there = match kind {
        Kind::User => contract::user_get(database, LEDGER_ID, id).await.is_ok(),
        Kind::Wallet => contract::wallets_get(database, LEDGER_ID, &[id])
            .await
            .is_ok_and(|wallets| !wallets.is_empty()),
        Kind::Transfer => contract::transfer_get(database, LEDGER_ID, id)
            .await
            .is_ok(),
    };
    is_there.then_some(()).ok_or_else(in_progress)
}

/// Cuts a list to its page. The cursor of the next page is the last item of this one.
fn next_cursor<T>(items: &mut Vec<T>, limit: i32, cursor: impl Fn(&T) -> String) -> Option<String> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = items.len() > limit;
    items.truncate(limit);
    items.last().filter(|_| has_more).map(cursor)
}

/// What was not found stood in the path: there is no member of a body to point to.
fn of_path(failure: Failure) -> Problem {
    Problem {
        pointer: None,
        ..failure.into_problem()
    }
}
