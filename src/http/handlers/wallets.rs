//! Wallets and their statements.

use hyper::StatusCode;
use hyper::header::{ETAG, HeaderName, HeaderValue, IF_NONE_MATCH};
use serde_json::json;
use uuid::Uuid;

use super::{Context, Handled, id_of, of_path, once};
use crate::base::metrics::CacheRead;
use crate::http::answer::{Answer, Body};
use crate::http::body::Fields;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::page::{EntryCursor, Page, WalletReading};
use crate::http::problem::{Code, Problem};
use crate::http::render::{WalletBody, WalletHoldsBody, to_json, wallet_etag};
use crate::sql::contract;
use crate::types::{WalletRequest, WalletResult};

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

pub(super) async fn wallet_create(context: Context<'_>) -> Handled {
    let key = IdempotencyKey::of_headers(&context.head.headers)?;
    let mut fields = Fields::read(&context.head.headers, context.body).await?;
    let wallet = WalletRequest {
        id: Some(id_of(key.as_ref())),
        user_id: fields.uuid("user_id")?,
        currency: fields.text("currency")?,
        initial_balance: fields.optional_integer("initial_balance")?.unwrap_or(0),
        floor: fields.nullable_integer("floor", 0)?,
        reference: fields.optional_text("reference")?,
        metadata: fields.metadata("metadata")?,
        request_id: context.request_id.to_owned(),
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
    let create = contract::wallet_create(&context.app.database, context.caller, &wallet);
    let created = once(
        context.app,
        context.caller,
        key.as_ref(),
        (&wallet, &content),
        create,
    );
    let (created, is_replay) = created.await?;
    let place = format!("/wallets/{}", created.id);
    Ok(Answer::created(&place, to_json(&WalletBody::from(&created))?).replayed(is_replay))
}

pub(super) async fn wallet_get(context: Context<'_>, id: Uuid) -> Handled {
    let reading = WalletReading::of_query(context.query())?;
    if reading.with_holds {
        // From PostgreSQL, and so as new as any event.
        let told = contract::wallet_holds_get(&context.app.database, context.caller, id);
        let told = told.await.map_err(of_path)?;
        let body = Answer::ok(&WalletHoldsBody {
            wallet: WalletBody::from(&told.wallet),
            holds: &told.holds,
        });
        return Ok(as_read(&context, body?, &told.wallet, CacheRead::Bypass));
    }
    let ledger = context.app.ledgers.get(context.caller.ledger_id);
    let wallet = ledger.wallets.get(context.caller, id, reading.min_version);
    let (wallet, read) = wallet.await?;
    let wallet = wallet.ok_or_else(|| Problem::new(Code::WalletNotFound, "Check the id."))?;
    let answer = Answer::ok(&WalletBody::from(&wallet))?;
    Ok(as_read(&context, answer, &wallet, read))
}

/// An answer with the wallet's entity tag and where it came from; no body where the client has it.
fn as_read(
    context: &Context<'_>,
    answer: Answer,
    wallet: &WalletResult,
    read: CacheRead,
) -> Answer {
    let etag = wallet_etag(wallet);
    let mut tags = context.head.headers.get_all(IF_NONE_MATCH).iter();
    let mut answer = answer;
    if tags.any(|tags| matches_etag(tags, &etag)) {
        answer.status = StatusCode::NOT_MODIFIED;
        answer.body = Body::empty();
    }
    let etag = HeaderValue::from_str(&etag).expect("digits in quotes are ASCII");
    answer
        .with(ETAG, etag)
        .with(X_CACHE, HeaderValue::from_static(read.name()))
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

pub(super) async fn entry_list(context: Context<'_>, wallet_id: Uuid) -> Handled {
    let page = Page::<EntryCursor>::of_query(context.query())?;
    let entries = contract::entry_list(
        &context.app.database,
        context.caller,
        wallet_id,
        page.cursor.map(|cursor| cursor.0),
        page.limit + 1,
    )
    .await
    .map_err(of_path)?;
    page.answer("entries", &entries, |entry| entry.version)
}
