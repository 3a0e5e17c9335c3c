//! One function for each route: parse, ask, answer. No decision about money is made here.

use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH};
use hyper::http::request::Parts;
use hyper::{Request, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::answer::{self, Answer, EntryBody, WalletBody};
use crate::answer_store::{Hint, StoredAnswer, fingerprint};
use crate::app::{App, LEDGER_ID};
use crate::contract::{self, TransferRequest, UserRequest, WalletRequest};
use crate::docs;
use crate::fields::Fields;
use crate::idempotency::Key;
use crate::metrics::ReplaySource;
use crate::problem::{Code, Failure, Problem};
use crate::request::{self, EntryCursor, Page, WalletCursor, no_query};
use crate::route::Route;
use crate::transfers::Posting;

type Handled = Result<Answer, Problem>;

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

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
            user_create(app, &head, body).await
        }
        Route::WalletCreate => {
            no_query(query)?;
            wallet_create(app, &head, body, request_id).await
        }
        Route::TransferCreate => {
            no_query(query)?;
            transfer_create(app, &head, body, request_id).await
        }
        Route::UserGet(id) => {
            no_query(query)?;
            user_get(app, id).await
        }
        Route::WalletGet(id) => {
            no_query(query)?;
            wallet_get(app, id, &head.headers).await
        }
        Route::TransferGet(key) => {
            no_query(query)?;
            transfer_get(app, &key).await
        }
        Route::WalletList(user_id) => wallet_list(app, user_id, Page::of_query(query)?).await,
        Route::EntryList(wallet_id) => entry_list(app, wallet_id, Page::of_query(query)?).await,
        Route::Healthz => Ok(Answer::ok(&json!({"status": "alive"}))),
        Route::Readyz => Ok(readyz(app).await),
        Route::Metrics => Ok(metrics(app).await),
        Route::Openapi => Ok(Answer::bytes(
            HeaderValue::from_static("application/json"),
            docs::OPENAPI,
        )),
        Route::Docs(name) => docs_asset(name),
    }
}

async fn user_create(app: &App, head: &Parts, body: Incoming) -> Handled {
    let key = Key::of_headers(&head.headers)?;
    let body = request::body(&head.headers, body).await?;
    let mut fields = Fields::parse(&body)?;
    let user = UserRequest {
        id: Some(id_of(key.as_ref())),
        name: fields.text("name")?,
        email: fields.optional_text("email")?,
        reference: fields.optional_text("reference")?,
        metadata: fields.metadata("metadata")?,
    };
    fields.finish()?;
    let content = json!([user.name, user.email, user.reference, user.metadata]);
    once(app, "user", key.as_ref(), &content, "/users", async || {
        let created = contract::user_create(&app.database, LEDGER_ID, &user)
            .await
            .map_err(Failure::into_problem)?;
        Ok((created.id, answer::user(&created), created.replayed))
    })
    .await
}

async fn wallet_create(app: &App, head: &Parts, body: Incoming, request_id: &str) -> Handled {
    let key = Key::of_headers(&head.headers)?;
    let body = request::body(&head.headers, body).await?;
    let mut fields = Fields::parse(&body)?;
    let wallet = WalletRequest {
        id: Some(id_of(key.as_ref())),
        user_id: fields.uuid("user_id")?,
        currency: fields.text("currency")?,
        initial_balance: fields.optional_integer("initial_balance")?.unwrap_or(0),
        floor: fields.nullable_integer("floor", 0)?,
        reference: fields.optional_text("reference")?,
        metadata: fields.metadata("metadata")?,
        request_id: request_id.to_owned(),
    };
    fields.finish()?;
    let content = json!([
        wallet.user_id.to_string(),
        wallet.currency,
        wallet.initial_balance,
        wallet.floor,
        wallet.reference,
        wallet.metadata
    ]);
    once(
        app,
        "wallet",
        key.as_ref(),
        &content,
        "/wallets",
        async || {
            let created = contract::wallet_create(&app.database, LEDGER_ID, &wallet)
                .await
                .map_err(Failure::into_problem)?;
            let body = answer::to_json(&WalletBody::from(&created));
            Ok((created.id, body, created.replayed))
        },
    )
    .await
}

/// The id that the key names, or a new one: with an id a call may be made twice.
fn id_of(key: Option<&Key>) -> Uuid {
    key.map_or_else(Uuid::new_v4, Key::id)
}

/// Creates something once per key. `create` gives its id, its body, and whether it was there already.
async fn once(
    app: &App,
    kind: &str,
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

async fn transfer_create(app: &App, head: &Parts, body: Incoming, request_id: &str) -> Handled {
    let id = Key::required(&head.headers)?.id();
    let body = request::body(&head.headers, body).await?;
    let mut fields = Fields::parse(&body)?;
    let transfer = TransferRequest {
        id,
        source_id: fields.uuid("source_id")?,
        target_id: fields.uuid("target_id")?,
        amount: fields.integer("amount")?,
        currency: fields.optional_text("currency")?,
        reference: fields.optional_text("reference")?,
        metadata: fields.metadata("metadata")?,
        request_id: request_id.to_owned(),
    };
    fields.finish()?;

    let content = fingerprint(&transfer_content(&transfer));
    let marker = match app
        .answer_store
        .begin(LEDGER_ID, "transfer", id, content)
        .await
    {
        Hint::InProgress => return Err(in_progress()),
        Hint::Answered(stored) => {
            app.metrics.replay(ReplaySource::Redis);
            return Ok(transfer_answer(id, stored).replayed(true));
        }
        Hint::Ask(marker) => marker,
    };
    let (stored, is_replay) = match app
        .transfers
        .ask(Posting::new(transfer, marker.clone()))
        .await
    {
        Ok(posted) => posted?,
        Err(no_answer) => {
            app.answer_store.release(marker).await;
            return Err(no_answer.into());
        }
    };
    Ok(transfer_answer(id, stored).replayed(is_replay))
}

/// What makes two requests with one key the same, but for an omitted currency, which is PostgreSQL's to judge.
fn transfer_content(transfer: &TransferRequest) -> Value {
    json!([
        transfer.source_id.to_string(),
        transfer.target_id.to_string(),
        transfer.amount,
        transfer.currency,
        transfer.reference,
        transfer.metadata
    ])
}

fn transfer_answer(id: Uuid, stored: StoredAnswer) -> Answer {
    if stored.status == StatusCode::CREATED.as_u16() {
        Answer::created(&format!("/transfers/{id}"), stored.body)
    } else {
        Answer::problem_json(stored.status, stored.body)
    }
}

fn in_progress() -> Problem {
    Problem::new(
        Code::TransferInProgress,
        "Wait for the answer to the first request, or try again.",
    )
}

async fn user_get(app: &App, id: Uuid) -> Handled {
    let user = contract::user_get(&app.database, LEDGER_ID, id)
        .await
        .map_err(of_path)?;
    Ok(Answer::json(StatusCode::OK, answer::user(&user)))
}

async fn wallet_get(app: &App, id: Uuid, headers: &HeaderMap) -> Handled {
    let (wallet, read) = app.wallets.get(id).await?;
    let etag = answer::wallet_etag(&wallet);
    let is_known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .any(|tags| matches_etag(tags, &etag));
    let mut answer = Answer::ok(&WalletBody::from(&wallet));
    if is_known {
        answer.status = StatusCode::NOT_MODIFIED;
        answer.body = Bytes::new();
    }
    Ok(answer
        .with(ETAG, etag)
        .with(X_CACHE, HeaderValue::from_static(read.name())))
}

/// Weak comparison (RFC 9110, section 13.1.2).
fn matches_etag(tags: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(tags), Ok(etag)) = (tags.to_str(), etag.to_str()) else {
        return false;
    };
    tags.split(',')
        .map(|tag| tag.trim())
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

async fn transfer_get(app: &App, key: &Key) -> Handled {
    let transfer = contract::transfer_get(&app.database, LEDGER_ID, key.id())
        .await
        .map_err(of_path)?;
    Ok(Answer::json(StatusCode::OK, answer::transfer(&transfer)))
}

async fn wallet_list(app: &App, user_id: Uuid, page: Page<WalletCursor>) -> Handled {
    let after = page.cursor.map(|cursor| (cursor.0, cursor.1));
    // One more than asked for tells whether there is another page.
    let mut wallets =
        contract::wallet_list(&app.database, LEDGER_ID, user_id, after, page.limit + 1)
            .await
            .map_err(of_path)?;
    let next_cursor = next_cursor(&mut wallets, page.limit, |wallet| {
        WalletCursor(wallet.created_at, wallet.id).to_string()
    });
    #[derive(Serialize)]
    struct Body<'a> {
        wallets: Vec<WalletBody<'a>>,
        next_cursor: Option<String>,
    }
    Ok(Answer::ok(&Body {
        wallets: wallets.iter().map(WalletBody::from).collect(),
        next_cursor,
    }))
}

async fn entry_list(app: &App, wallet_id: Uuid, page: Page<EntryCursor>) -> Handled {
    let mut entries = contract::entry_list(
        &app.database,
        LEDGER_ID,
        wallet_id,
        page.cursor.map(|cursor| cursor.0),
        page.limit + 1,
    )
    .await
    .map_err(of_path)?;
    let next_cursor = next_cursor(&mut entries, page.limit, |entry| entry.version.to_string());
    #[derive(Serialize)]
    struct Body<'a> {
        entries: Vec<EntryBody<'a>>,
        next_cursor: Option<String>,
    }
    Ok(Answer::ok(&Body {
        entries: entries.iter().map(EntryBody::from).collect(),
        next_cursor,
    }))
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

async fn readyz(app: &App) -> Answer {
    let readiness = app.probe.readiness().await;
    let mut answer = Answer::ok(&readiness);
    if !readiness.is_ready() {
        answer.status = StatusCode::SERVICE_UNAVAILABLE;
    }
    answer
}

async fn metrics(app: &App) -> Answer {
    // Without PostgreSQL the rest is still worth reading; the lag stays what it was.
    if let Ok(lag) = contract::outbox_lag(&app.database).await {
        let age = lag
            .oldest_at
            .map(|oldest_at| OffsetDateTime::now_utc() - oldest_at);
        let age_s = age.map_or(0, |age| age.whole_seconds().max(0));
        app.metrics.outbox(lag.events.unwrap_or(0), age_s);
    }
    Answer::bytes(OPEN_METRICS, app.metrics.encode())
}

fn docs_asset(name: &str) -> Handled {
    let asset = docs::asset(name)
        .ok_or_else(|| Problem::new(Code::RouteNotFound, "GET /docs is the page."))?;
    let answer = Answer::bytes(HeaderValue::from_static(asset.content_type), asset.bytes);
    // The page is large and changes with a release only.
    Ok(answer.with(CACHE_CONTROL, HeaderValue::from_static("max-age=3600")))
}
