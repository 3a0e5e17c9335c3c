//! One function for each route: parse, ask, answer. No decision about money is made here.

use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::http::request::Parts;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::http::access;
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::docs;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::page::{Page, min_version, no_query};
use crate::http::problem::{Code, Problem, forbidden, in_progress, unauthenticated};
use crate::http::route::{Route, is_public};
use crate::ledger::NoResult;
use crate::ledger::posting::first_known;
use crate::redis::answer_store::{Answered, Place};
use crate::sql::failure::Failure;
use crate::types::{Caller, WalletStatus};

mod keys;
mod ledgers;
mod limits;
mod service;
mod transfers;
mod users;
mod wallets;

type Handled = Result<Answer, Problem>;

/// Answers a request. The caller is found before the route is looked at: a client without a key
/// does not even learn which paths there are.
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
    let caller = access::caller(&app.keys, &head.headers).await?;
    let route = route?;
    access::admit(&caller, &route)?;
    let answered = ask(app, &caller, route, &head, body, request_id).await;
    answered.map_err(|problem| match problem.code {
        // The key was revoked a moment ago. The client hears the same words, whether the key ring
        // or a SQL function found it out.
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
        Route::Root => Ok(service::root()),
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
    let has_parameters = matches!(
        route,
        Route::WalletGet(_)
            | Route::WalletList(_)
            | Route::EntryList(_)
            | Route::KeyList
            | Route::Metrics
    );
    if !has_parameters {
        no_query(query)?;
    }
    match route {
        Route::UserCreate => users::user_create(app, caller, head, body).await,
        Route::UserGet(id) => users::user_get(app, caller, id).await,
        Route::WalletList(user_id) => {
            users::wallet_list(app, caller, user_id, Page::of_query(query)?).await
        }
        Route::WalletCreate => wallets::wallet_create(app, caller, head, body, request_id).await,
        Route::WalletGet(id) => {
            let min_version = min_version(query)?;
            wallets::wallet_get(app, caller, id, min_version, &head.headers).await
        }
        Route::WalletFreeze(id) => {
            limits::wallet_status_set(app, caller, id, WalletStatus::Frozen, head, body).await
        }
        Route::WalletUnfreeze(id) => {
            limits::wallet_status_set(app, caller, id, WalletStatus::Active, head, body).await
        }
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
        Route::Root | Route::Healthz | Route::Readyz | Route::Openapi | Route::Docs(_) => {
            public(app, route).await
        }
    }
}

/// The id that the idempotency key names, or a new one. With an id, a call may be made twice.
fn id_of(key: Option<&IdempotencyKey>) -> Uuid {
    key.map_or_else(Uuid::new_v4, IdempotencyKey::id)
}

/// Creates something, once per idempotency key where the request has one. True: it was there
/// before.
async fn once<A: Answered>(
    app: &App,
    caller: &Caller,
    key: Option<&IdempotencyKey>,
    content: &Value,
    create: impl Future<Output = Result<A, Failure>>,
) -> Result<(A, bool), NoResult> {
    let place = key.map(|key| Place::new::<A>(caller, key.id(), content));
    let store = &app.answer_store;
    let remembered = async {
        match &place {
            Some(place) => store.find(place).await,
            None => None,
        }
    };
    let asked = async {
        let created = create.await.map_err(NoResult::Failed)?;
        store.store(place.iter().map(|place| (place, &created)));
        Ok(created)
    };
    let (created, replay) = first_known(remembered, asked, A::is_replay).await?;
    app.metrics.replay(replay);
    Ok((created, replay.is_some()))
}

/// The problem of a call that locks nothing but its id: another session that held it is a twin.
fn held_by_twin(no_result: NoResult) -> Problem {
    match no_result {
        NoResult::Failed(Failure::Locked) => in_progress(),
        no_result => no_result.into(),
    }
}

/// Cuts a list to its page. The cursor of the next page is the last item of this one.
fn next_cursor<T>(items: &mut Vec<T>, limit: i32, cursor: impl Fn(&T) -> String) -> Option<String> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = items.len() > limit;
    items.truncate(limit);
    items.last().filter(|_| has_more).map(cursor)
}

/// The problem of a failure whose id came from the path. If it was not found, no member of the body
/// is at fault, and the problem points to none.
fn of_path(failure: Failure) -> Problem {
    let problem = Problem::from(failure);
    let is_in_path = problem.code.status() == 404;
    Problem {
        pointer: problem.pointer.filter(|_| !is_in_path),
        ..problem
    }
}
