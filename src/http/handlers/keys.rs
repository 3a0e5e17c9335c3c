//! API keys of the caller's ledger.

use hyper::body::Incoming;
use hyper::http::request::Parts;
use serde::Serialize;
use uuid::Uuid;

use super::{Handled, next_cursor, of_path};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::body::Fields;
use crate::http::page::{CreationCursor, Page};
use crate::http::problem::{Code, Problem, unrepeatable};
use crate::http::render::to_json;
use crate::sql::contract;
use crate::types::{Caller, KeyRequest, KeyResult, KeyScope};

pub(super) async fn key_create(
    app: &App,
    caller: &Caller,
    head: &Parts,
    body: Incoming,
) -> Handled {
    let mut fields = Fields::read(&head.headers, body).await?;
    let request = KeyRequest {
        name: fields.text("name")?,
        scope: scope(&fields.text("scope")?)?,
        user_id: fields.optional_uuid("user_id")?,
        expires_at: fields.optional_moment("expires_at")?,
    };
    let reason = fields.optional_text("reason")?;
    fields.finish()?;
    let created = contract::key_create(&app.database, caller, &request, reason.as_deref())
        .await
        .map_err(|failure| unrepeatable(failure, "GET /keys shows whether the key was made."))?;
    let place = format!("/keys/{}", created.id);
    Ok(Answer::created(&place, to_json(&created)))
}

fn scope(name: &str) -> Result<KeyScope, Problem> {
    let rule = "Allowed: user, reader, service or admin.";
    name.parse()
        .map_err(|_| Problem::at(Code::InvalidField, "scope", rule))
}

pub(super) async fn key_list(app: &App, caller: &Caller, page: Page<CreationCursor>) -> Handled {
    let (after_at, after_id) = CreationCursor::parts(page.cursor);
    let mut keys = contract::key_list(&app.database, caller, after_at, after_id, page.limit + 1)
        .await
        .map_err(of_path)?;
    let next_cursor = next_cursor(&mut keys, page.limit, |key| {
        CreationCursor(key.created_at, key.id).to_string()
    });
    #[derive(Serialize)]
    struct Body {
        keys: Vec<KeyResult>,
        next_cursor: Option<String>,
    }
    Ok(Answer::ok(&Body { keys, next_cursor }))
}

pub(super) async fn key_revoke(app: &App, caller: &Caller, id: Uuid) -> Handled {
    contract::key_revoke(&app.database, caller, id, None)
        .await
        .map_err(of_path)?;
    app.keys.forget_revoked(caller.ledger_id, id);
    Ok(Answer::no_content())
}
