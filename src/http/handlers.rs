//! One function for each route: parse, ask, answer. No decision about money is made here.

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
use crate::http::page::no_query;
use crate::http::problem::{Code, Problem, forbidden, unauthenticated};
use crate::http::route::{Route, is_public};
use crate::http::trace;
use crate::ledger::NoResult;
use crate::ledger::posting::first_known;
use crate::redis::answer_store::{Answered, Place};
use crate::sql::failure::Failure;
use crate::types::{Caller, TransferKind};

mod events;
mod groups;
mod holds;
mod keys;
mod ledgers;
mod limits;
mod service;
mod transfers;
mod users;
mod wallets;
mod webhooks;

use transfers::verb;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

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
    let context = Context {
        app,
        caller: &caller,
        head: &head,
        body,
        request_id,
    };
    let answered = ask(context, route).await;
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
        Route::Healthz => Answer::ok(&json!({"status": "alive"})),
        Route::Readyz => service::readyz(app).await,
        Route::Root => service::root(),
        Route::Openapi => Ok(Answer::bytes(JSON, docs::OPENAPI)),
        Route::Asyncapi => Ok(Answer::bytes(JSON, docs::ASYNCAPI)),
        Route::Docs(name) => service::docs_asset(name),
        _ => Err(unauthenticated()),
    }
}

/// A request whose caller was found.
struct Context<'a> {
    app: &'a App,
    caller: &'a Caller,
    head: &'a Parts,
    body: Incoming,
    request_id: &'a str,
}

impl Context<'_> {
    fn query(&self) -> Option<&str> {
        self.head.uri.query()
    }

    fn traceparent(&self) -> Option<String> {
        trace::traceparent(&self.head.headers).map(str::to_owned)
    }
}

/// Whether a route takes a query.
fn has_parameters(route: &Route) -> bool {
    matches!(
        route,
        Route::WalletGet(_)
            | Route::WalletList(_)
            | Route::EntryList(_)
            | Route::TransferCreate
            | Route::TransferBulk
            | Route::TransferProof(_)
            | Route::TransferReverse(_)
            | Route::HoldCreate
            | Route::HoldCapture(_)
            | Route::HoldAdjust(_)
            | Route::HoldRelease(_)
            | Route::HoldList(_)
            | Route::GroupCreate
            | Route::KeyList
            | Route::EventList
            | Route::EventStream
            | Route::WebhookFailureList(_)
            | Route::Metrics
    )
}

async fn ask(context: Context<'_>, route: Route) -> Handled {
    if !has_parameters(&route) {
        no_query(context.query())?;
    }
    match route {
        Route::UserCreate => users::user_create(context).await,
        Route::UserGet(id) => users::user_get(context, id).await,
        Route::WalletList(user_id) => users::wallet_list(context, user_id).await,
        Route::WalletCreate => wallets::wallet_create(context).await,
        Route::WalletGet(id) => wallets::wallet_get(context, id).await,
        Route::WalletFreeze(id) => limits::wallet_freeze(context, id).await,
        Route::WalletUnfreeze(id) => limits::wallet_unfreeze(context, id).await,
        Route::WalletLimitsGet(id) => limits::wallet_limits_get(context, id).await,
        Route::WalletLimitsSet(id) => limits::wallet_limits_set(context, id).await,
        Route::EntryList(wallet_id) => wallets::entry_list(context, wallet_id).await,
        Route::TransferCreate => transfers::transfer_create(context).await,
        Route::TransferBulk => groups::transfer_bulk(context).await,
        Route::TransferGet(key) => transfers::transfer_get(context, &key).await,
        Route::TransferProof(key) => transfers::transfer_proof(context, &key).await,
        Route::TransferReverse(key) => verb(context, TransferKind::Reversal, &key).await,
        Route::HoldCreate => transfers::hold_create(context).await,
        Route::HoldGet(key) => holds::hold_get(context, &key).await,
        Route::HoldCapture(key) => verb(context, TransferKind::Capture, &key).await,
        Route::HoldAdjust(key) => verb(context, TransferKind::Adjustment, &key).await,
        Route::HoldRelease(key) => verb(context, TransferKind::Release, &key).await,
        Route::HoldList(wallet_id) => holds::hold_list(context, wallet_id).await,
        Route::GroupCreate => groups::group_create(context).await,
        Route::GroupGet(key) => groups::group_get(context, &key).await,
        Route::KeyCreate => keys::key_create(context).await,
        Route::KeyList => keys::key_list(context).await,
        Route::KeyRevoke(id) => keys::key_revoke(context, id).await,
        Route::LedgerCreate => ledgers::ledger_create(context).await,
        Route::LedgerGet(id) => ledgers::ledger_get(context, id).await,
        Route::EventList => events::event_list(context).await,
        Route::EventStream => events::event_stream(context).await,
        Route::WebhookCreate => webhooks::webhook_create(context).await,
        Route::WebhookList => webhooks::webhook_list(context).await,
        Route::WebhookGet(id) => webhooks::webhook_get(context, id).await,
        Route::WebhookUpdate(id) => webhooks::webhook_update(context, id).await,
        Route::WebhookDelete(id) => webhooks::webhook_delete(context, id).await,
        Route::WebhookRotate(id) => webhooks::webhook_rotate(context, id).await,
        Route::WebhookPing(id) => webhooks::webhook_ping(context, id).await,
        Route::WebhookEnable(id) => webhooks::webhook_enable(context, id).await,
        Route::WebhookReplay(id) => webhooks::webhook_replay(context, id).await,
        Route::WebhookFailureList(id) => webhooks::webhook_failure_list(context, id).await,
        Route::WebhookFailureRetry(id, position) => {
            webhooks::webhook_failure_retry(context, id, position).await
        }
        Route::Metrics => Ok(service::metrics(context.app).await),
        Route::Root
        | Route::Healthz
        | Route::Readyz
        | Route::Openapi
        | Route::Asyncapi
        | Route::Docs(_) => public(context.app, route).await,
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
    (request, content): (&A::Request, &Value),
    create: impl Future<Output = Result<A, Failure>>,
) -> Result<(A, bool), NoResult> {
    let place = key.map(|key| Place::new::<A>(caller, key.id(), content));
    let store = &app.answer_store;
    let remembered = async {
        match &place {
            Some(place) => store.find(place, request).await,
            None => None,
        }
    };
    let asked = async {
        let created = create.await.map_err(NoResult::Failed)?;
        store.store(place.iter().map(|place| (place, &created)));
        Ok(created)
    };
    let (created, replay) = first_known(remembered, asked).await?;
    app.metrics.replay(replay);
    Ok((created, replay.is_some()))
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
