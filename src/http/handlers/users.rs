//! Users and their wallets.

use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{Handled, held_by_twin, id_of, next_cursor, of_path, once};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::body::Fields;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::page::{CreationCursor, Page};
use crate::http::render::{WalletBody, to_json};
use crate::sql::contract;
use crate::types::{Caller, UserRequest};

pub(super) async fn user_create(
    app: &App,
    caller: &Caller,
    head: &Parts,
    body: Incoming,
) -> Handled {
    let key = IdempotencyKey::of_headers(&head.headers)?;
    let mut fields = Fields::read(&head.headers, body).await?;
    let user = UserRequest {
        id: Some(id_of(key.as_ref())),
        name: fields.text("name")?,
        email: fields.optional_text("email")?,
        reference: fields.optional_text("reference")?,
        metadata: fields.metadata("metadata")?,
    };
    fields.finish()?;
    let content = json!([user.name, user.email, user.reference, user.metadata]);
    let create = contract::user_create(&app.database, caller, &user);
    let created = once(app, caller, key.as_ref(), &content, create).await;
    let (created, is_replay) = created.map_err(held_by_twin)?;
    let place = format!("/users/{}", created.id);
    Ok(Answer::created(&place, to_json(&created)).replayed(is_replay))
}

pub(super) async fn user_get(app: &App, caller: &Caller, id: Uuid) -> Handled {
    let user = contract::user_get(&app.database, caller, id)
        .await
        .map_err(of_path)?;
    Ok(Answer::json(StatusCode::OK, to_json(&user)))
}

pub(super) async fn wallet_list(
    app: &App,
    caller: &Caller,
    user_id: Uuid,
    page: Page<CreationCursor>,
) -> Handled {
    let (after_at, after_id) = CreationCursor::parts(page.cursor);
    let (database, limit) = (&app.database, page.limit + 1);
    let mut wallets = contract::wallet_list(database, caller, user_id, after_at, after_id, limit)
        .await
        .map_err(of_path)?;
    let next_cursor = next_cursor(&mut wallets, page.limit, |wallet| {
        CreationCursor(wallet.created_at, wallet.id).to_string()
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
