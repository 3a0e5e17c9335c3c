//! Wallets and their statements.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH};
use hyper::http::request::Parts;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{Handled, held_by_twin, id_of, next_cursor, of_path, once};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::body::Fields;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::page::{EntryCursor, Page};
use crate::http::problem::{Code, Problem};
use crate::http::render::{WalletBody, to_json, wallet_etag};
use crate::sql::contract;
use crate::types::{Caller, Entry, WalletRequest};

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

pub(super) async fn wallet_create(
    app: &App,
    caller: &Caller,
    head: &Parts,
    body: Incoming,
    request_id: &str,
) -> Handled {
    let key = IdempotencyKey::of_headers(&head.headers)?;
    let mut fields = Fields::read(&head.headers, body).await?;
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
    let create = contract::wallet_create(&app.database, caller, &wallet);
    let created = once(app, caller, key.as_ref(), &content, create).await;
    let (created, is_replay) = created.map_err(|no_result| match wallet.initial_balance {
        0 => held_by_twin(no_result),
        // It waits for the issuance wallet, too.
        _ => no_result.into(),
    })?;
    let place = format!("/wallets/{}", created.id);
    Ok(Answer::created(&place, to_json(&WalletBody::from(&created))).replayed(is_replay))
}

pub(super) async fn wallet_get(
    app: &App,
    caller: &Arc<Caller>,
    id: Uuid,
    min_version: i64,
    headers: &HeaderMap,
) -> Handled {
    let ledger = app.ledgers.get(caller.ledger_id);
    let (wallet, read) = ledger.wallets.get(caller, id, min_version).await?;
    let wallet = wallet.ok_or_else(|| Problem::new(Code::WalletNotFound, "Check the id."))?;
    let etag = wallet_etag(&wallet);
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
        .with(
            ETAG,
            HeaderValue::from_str(&etag).expect("digits in quotes are ASCII"),
        )
        .with(X_CACHE, HeaderValue::from_static(read.name())))
}

/// Weak comparison (RFC 9110, section 13.1.2).
fn matches_etag(tags: &HeaderValue, etag: &str) -> bool {
    let Ok(tags) = tags.to_str() else {
        return false;
    };
    tags.split(',')
        .map(|tag| tag.trim())
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

pub(super) async fn entry_list(
    app: &App,
    caller: &Caller,
    wallet_id: Uuid,
    page: Page<EntryCursor>,
) -> Handled {
    let mut entries = contract::entry_list(
        &app.database,
        caller,
        wallet_id,
        page.cursor.map(|cursor| cursor.0),
        page.limit + 1,
    )
    .await
    .map_err(of_path)?;
    let next_cursor = next_cursor(&mut entries, page.limit, |entry| entry.version.to_string());
    #[derive(Serialize)]
    struct Body {
        entries: Vec<Entry>,
        next_cursor: Option<String>,
    }
    Ok(Answer::ok(&Body {
        entries,
        next_cursor,
    }))
}
