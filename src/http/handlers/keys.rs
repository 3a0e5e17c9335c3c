//! API keys of the caller's ledger.

use uuid::Uuid;

use super::{Context, Handled, of_path};
use crate::http::answer::Answer;
use crate::http::body::Fields;
use crate::http::page::{CreationCursor, Page};
use crate::http::problem::{Code, Problem, unrepeatable};
use crate::http::render::to_json;
use crate::sql::contract;
use crate::types::{KeyRequest, KeyScope};

pub(super) async fn key_create(context: Context<'_>) -> Handled {
    let mut fields = Fields::read(&context.head.headers, context.body).await?;
    let request = KeyRequest {
        name: fields.text("name")?,
        scope: scope(&fields.text("scope")?)?,
        user_id: fields.optional_uuid("user_id")?,
        expires_at: fields.optional_moment("expires_at")?,
    };
    let reason = fields.optional_text("reason")?;
    fields.finish()?;
    let created = contract::key_create(
        &context.app.database,
        context.caller,
        &request,
        reason.as_deref(),
    )
    .await
    .map_err(|failure| unrepeatable(failure, "GET /keys shows whether the key was made."))?;
    let place = format!("/keys/{}", created.id);
    Ok(Answer::created(&place, to_json(&created)?))
}

fn scope(name: &str) -> Result<KeyScope, Problem> {
    let rule = "Allowed: user, reader, service or admin.";
    name.parse()
        .map_err(|_| Problem::at(Code::InvalidField, "scope", rule))
}

pub(super) async fn key_list(context: Context<'_>) -> Handled {
    let page = Page::<CreationCursor>::of_query(context.query())?;
    let (after_at, after_id) = CreationCursor::parts(page.cursor);
    let keys = contract::key_list(
        &context.app.database,
        context.caller,
        after_at,
        after_id,
        page.limit + 1,
    )
    .await
    .map_err(of_path)?;
    page.answer("keys", &keys, |key| CreationCursor(key.created_at, key.id))
}

pub(super) async fn key_revoke(context: Context<'_>, id: Uuid) -> Handled {
    contract::key_revoke(&context.app.database, context.caller, id, None)
        .await
        .map_err(of_path)?;
    context
        .app
        .keys
        .forget_revoked(context.caller.ledger_id, id);
    Ok(Answer::no_content())
}
