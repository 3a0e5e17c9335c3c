//! API keys of the caller's ledger.

use hyper::body::Incoming;
use hyper::http::request::Parts;
use serde::Serialize;
use uuid::Uuid;

use super::{Handled, next_cursor, of_path};
use crate::answer::{self, Answer, KeyBody};
use crate::app::App;
use crate::contract::{self, Caller, KeyRequest, KeyScope};
use crate::fields::Fields;
use crate::problem::{Code, Problem, unrepeatable};
use crate::request::{self, CreationCursor, Page};

pub(super) async fn key_create(
    app: &App,
    caller: &Caller,
    head: &Parts,
    body: Incoming,
) -> Handled {
    let body = request::body(&head.headers, body).await?;
    let mut fields = Fields::parse(&body)?;
    let request = KeyRequest {
        name: fields.text("name")?,
        scope: scope(&fields.text("scope")?)?,
        user_id: fields.optional_uuid("user_id")?,
        expires_at: fields.optional_moment("expires_at")?,
    };
    let reason = fields.optional_text("reason")?;
    fields.finish()?;
    let (ledger_id, key) = (caller.ledger_id, Some(&caller.key_sha256));
    let created = contract::key_create(&app.database, ledger_id, &request, reason.as_deref(), key)
        .await
        .map_err(|failure| unrepeatable(failure, "GET /keys shows whether the key was made."))?;
    let place = format!("/keys/{}", created.id);
    Ok(Answer::created(&place, answer::key_created(&created)))
}

fn scope(name: &str) -> Result<KeyScope, Problem> {
    let rule = "Allowed: user, reader, service or admin.";
    KeyScope::of_name(name).ok_or_else(|| Problem::at(Code::InvalidField, "scope", rule))
}

pub(super) async fn key_list(app: &App, caller: &Caller, page: Page<CreationCursor>) -> Handled {
    let after = page.cursor.map(|cursor| (cursor.0, cursor.1));
    let (ledger_id, key) = (caller.ledger_id, Some(&caller.key_sha256));
    let mut keys = contract::key_list(&app.database, ledger_id, after, page.limit + 1, key)
        .await
        .map_err(of_path)?;
    let next_cursor = next_cursor(&mut keys, page.limit, |key| {
        CreationCursor(key.created_at, key.id).to_string()
    });
    #[derive(Serialize)]
    struct Body<'a> {
        keys: Vec<KeyBody<'a>>,
        next_cursor: Option<String>,
    }
    Ok(Answer::ok(&Body {
        keys: keys.iter().map(KeyBody::from).collect(),
        next_cursor,
    }))
}

pub(super) async fn key_revoke(app: &App, caller: &Caller, id: Uuid) -> Handled {
    let (ledger_id, key) = (caller.ledger_id, Some(&caller.key_sha256));
    contract::key_revoke(&app.database, ledger_id, id, None, key)
        .await
        .map_err(of_path)?;
    app.keys.forget_revoked(ledger_id, id);
    Ok(Answer::no_content())
}
