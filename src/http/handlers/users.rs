//! Users and their wallets.

use hyper::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::{Context, Handled, id_of, of_path, once};
use crate::http::answer::Answer;
use crate::http::body::Fields;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::page::{CreationCursor, Page};
use crate::http::render::{WalletBody, to_json};
use crate::sql::contract;
use crate::types::UserRequest;

pub(super) async fn user_create(context: Context<'_>) -> Handled {
    let key = IdempotencyKey::of_headers(&context.head.headers)?;
    let mut fields = Fields::read(&context.head.headers, context.body).await?;
    let user = UserRequest {
        id: Some(id_of(key.as_ref())),
        name: fields.text("name")?,
        email: fields.optional_text("email")?,
        reference: fields.optional_text("reference")?,
        metadata: fields.metadata("metadata")?,
    };
    fields.finish()?;
    let content = json!([user.name, user.email, user.reference, user.metadata]);
    let create = contract::user_create(&context.app.database, context.caller, &user);
    let created = once(
        context.app,
        context.caller,
        key.as_ref(),
        (&user, &content),
        create,
    );
    let (created, is_replay) = created.await?;
    let place = format!("/users/{}", created.id);
    Ok(Answer::created(&place, to_json(&created)?).replayed(is_replay))
}

pub(super) async fn user_get(context: Context<'_>, id: Uuid) -> Handled {
    let user = contract::user_get(&context.app.database, context.caller, id)
        .await
        .map_err(of_path)?;
    Ok(Answer::json(StatusCode::OK, to_json(&user)?))
}

pub(super) async fn wallet_list(context: Context<'_>, user_id: Uuid) -> Handled {
    let page = Page::<CreationCursor>::of_query(context.query())?;
    let (after_at, after_id) = CreationCursor::parts(page.cursor);
    let (database, limit) = (&context.app.database, page.limit + 1);
    let wallets =
        contract::wallet_list(database, context.caller, user_id, after_at, after_id, limit)
            .await
            .map_err(of_path)?;
    let bodies: Vec<_> = wallets.iter().map(WalletBody::from).collect();
    page.answer("wallets", &bodies, |wallet| {
        CreationCursor(wallet.created_at, wallet.id)
    })
}
