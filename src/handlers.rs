//! One function for each route: parse, ask, answer. No decision about money is made here.

use std::sync::Arc;

use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::http::request::Parts;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::access::admit;
use crate::answer::Answer;
use crate::answer_store::{Hint, Kind, StoredAnswer, fingerprint};
use crate::app::App;
use crate::contract::{self, Caller};
use crate::docs;
use crate::idempotency::Key;
use crate::metrics::ReplaySource;
use crate::problem::{Code, Failure, Problem, forbidden, unauthenticated};
use crate::request::{Page, no_query};
use crate::route::{Route, is_public};

mod keys;
mod ledgers;
mod limits;
mod service;
mod transfers;
mod users;
mod wallets;

type Handled = Result<Answer, Problem>;

/// Answers a request. Who asks comes before what is asked for: someone without a key does not even learn
/// what paths there are.
pub async fn handle(
    app: &App,
    route: Result<Route, Problem>,
    request: Request<Incoming>,
    request_id: &str,
) -> Handled {
    let (head, body) = request.into_parts();
    if is_public(head.uri.path()) {
        return public(app, route?).await;
    }
    let caller = app.keys.caller(&head.headers).await?;
    let route = route?;
    admit(&caller, &route)?;
    let answered = ask(app, &caller, route, &head, body, request_id).await;
    answered.map_err(|problem| match problem.code {
        // It was revoked a moment ago. Told in the same words, whoever has found it out.
        Code::Unauthenticated => {
            app.keys.forget(&caller);
            unauthenticated()
        }
        Code::Forbidden => forbidden(),
        _ => problem,
    })
}

async fn public(app: &App, route: Route) -> Handled {
    match route {
        Route::Healthz => Ok(Answer::ok(&json!({"status": "alive"}))),
        Route::Readyz => Ok(service::readyz(app).await),
        Route::Openapi => Ok(Answer::bytes(
            HeaderValue::from_static("application/json"),
            docs::OPENAPI,
        )),
        Route::Docs(name) => service::docs_asset(name),
        _ => Err(unauthenticated()),
    }
}

async fn ask(
    app: &App,
    caller: &Arc<Caller>,
    route: Route,
    head: &Parts,
    body: Incoming,
    request_id: &str,
) -> Handled {
    let query = head.uri.query();
    let has_page = matches!(
        route,
        Route::WalletList(_) | Route::EntryList(_) | Route::KeyList | Route::Metrics
    );
    if !has_page {
        no_query(query)?;
    }
    match route {
        Route::UserCreate => users::user_create(app, caller, head, body).await,
        Route::UserGet(id) => users::user_get(app, caller, id).await,
        Route::WalletList(user_id) => {
            users::wallet_list(app, caller, user_id, Page::of_query(query)?).await
        }
        Route::WalletCreate => wallets::wallet_create(app, caller, head, body, request_id).await,
        Route::WalletGet(id) => wallets::wallet_get(app, caller, id, &head.headers).await,
        Route::WalletFreeze(id) => limits::wallet_freeze(app, caller, id, head, body).await,
        Route::WalletUnfreeze(id) => limits::wallet_unfreeze(app, caller, id, head, body).await,
        Route::WalletLimitsGet(id) => limits::wallet_limits_get(app, caller, id).await,
        Route::WalletLimitsSet(id) => limits::wallet_limits_set(app, caller, id, head, body).await,
        Route::EntryList(wallet_id) => {
            wallets::entry_list(app, caller, wallet_id, Page::of_query(query)?).await
        }
        Route::TransferCreate => {
            transfers::transfer_create(app, caller, head, body, request_id).await
        }
        Route::TransferGet(key) => transfers::transfer_get(app, caller, &key).await,
        Route::KeyCreate => keys::key_create(app, caller, head, body).await,
        Route::KeyList => keys::key_list(app, caller, Page::of_query(query)?).await,
        Route::KeyRevoke(id) => keys::key_revoke(app, caller, id).await,
        Route::LedgerCreate => ledgers::ledger_create(app, caller, head, body).await,
        Route::LedgerGet(id) => ledgers::ledger_get(app, caller, id).await,
        Route::Metrics => Ok(service::metrics(app).await),
        Route::Healthz | Route::Readyz | Route::Openapi | Route::Docs(_) => {
            public(app, route).await
        }
    }
}

/// The id that the key names, or a new one: with an id a call may be made twice.
fn id_of(key: Option<&Key>) -> Uuid {
    key.map_or_else(Uuid::new_v4, Key::id)
}

/// The place of what was created: its collection, and the id in its body. That is not always the id that the
/// key names.
fn place(collection: &str, body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Created {
        id: Uuid,
    }
    let id = serde_json::from_slice::<Created>(body).map(|created| created.id);
    format!("{collection}/{}", id.unwrap_or_default())
}

/// Creates something once per key. `create` gives its body, and whether it was there already.
async fn once(
    app: &App,
    caller: &Caller,
    kind: Kind,
    key: Option<&Key>,
    content: &Value,
    collection: &str,
    create: impl AsyncFnOnce() -> Result<(Vec<u8>, bool), Problem>,
) -> Handled {
    let hint = match key {
        Some(key) => {
            let store = &app.answer_store;
            store
                .begin(caller, kind, key.id(), fingerprint(content))
                .await
        }
        None => Hint::Ask(None),
    };
    let marker = match hint {
        Hint::InProgress => return Err(in_progress()),
        Hint::Overdue => {
            wait_unless_there(app, caller, kind, id_of(key)).await?;
            None
        }
        Hint::Answered(stored) => {
            app.metrics.replay(ReplaySource::Redis);
            let place = place(collection, &stored.body);
            return Ok(Answer::created(&place, stored.body).replayed(true));
        }
        Hint::Ask(marker) => marker,
    };
    let created = create().await;
    if let Some(marker) = marker {
        match &created {
            Ok((body, _)) => {
                let body = Bytes::copy_from_slice(body);
                app.answer_store
                    .finish([(marker, StoredAnswer { status: 201, body })])
                    .await;
            }
            Err(_) => app.answer_store.release([marker]).await,
        }
    }
    let (body, is_replay) = created?;
    if is_replay {
        app.metrics.replay(ReplaySource::Postgresql);
    }
    Ok(Answer::created(&place(collection, &body), body).replayed(is_replay))
}

fn in_progress() -> Problem {
    Problem::new(
        Code::TransferInProgress,
        "Wait for the answer to the first request, or try again.",
    )
}

/// Lets a twin through to PostgreSQL, which replays, where the first request has ended well.
async fn wait_unless_there(
    app: &App,
    caller: &Caller,
    kind: Kind,
    id: Uuid,
) -> Result<(), Problem> {
    let database = &app.database;
    let found = match kind {
        Kind::User => contract::user_get(database, caller, id).await.map(|_| true),
        Kind::Wallet => {
            let keys = [caller.key_sha256];
            contract::wallets_get(database, caller.ledger_id, &[id], &keys)
                .await
                .map(|wallets| wallets.iter().any(Option::is_some))
        }
        Kind::Transfer => contract::transfer_get(database, caller, id)
            .await
            .map(|_| true),
    };
    match found {
        Ok(true) => Ok(()),
        Err(failure @ Failure::Unavailable(_)) => Err(failure.into_problem()),
        Ok(false) | Err(_) => Err(in_progress()),
    }
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
    let problem = failure.into_problem();
    let is_in_path = problem.code.status() == 404;
    Problem {
        pointer: problem.pointer.filter(|_| !is_in_path),
        ..problem
    }
}
