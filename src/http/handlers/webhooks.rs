//! Webhooks: where the events of the caller's ledger are posted.

use hyper::body::Incoming;
use hyper::http::request::Parts;
use serde::Serialize;
use uuid::Uuid;

use super::{Context, Handled, of_path};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::body::Fields;
use crate::http::page::{EntryCursor, Page};
use crate::http::problem::{Code, Problem, unrepeatable};
use crate::http::render::to_json;
use crate::sql::contract;
use crate::sql::failure::Failure;
use crate::types::{Caller, WebhookMember, WebhookRequest, WebhookResult};

/// A webhook with its secret, which is shown when it is new and never again.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    webhook: &'a WebhookResult,
    secret: String,
}

impl<'a> Shown<'a> {
    fn new(app: &App, caller: &Caller, webhook: &'a WebhookResult) -> Self {
        let master = &app.webhooks.master;
        let secret = master.secret(caller.ledger_id, webhook.id, webhook.generation);
        Self {
            webhook,
            secret: secret.text(),
        }
    }
}

#[derive(Serialize)]
struct List<'a> {
    webhooks: &'a [WebhookResult],
}

pub(super) async fn webhook_create(context: Context<'_>) -> Handled {
    let Context { app, caller, .. } = context;
    let mut fields = Fields::read(&context.head.headers, context.body).await?;
    let request = WebhookRequest {
        url: Some(url(app, fields.text("url")?)?),
        types: fields.optional_texts("types")?,
        description: fields.optional_text("description")?,
    };
    let reason = fields.optional_text("reason")?;
    fields.finish()?;
    let advice = "GET /webhooks shows whether the webhook was made.";
    let webhook = contract::webhook_create(&app.database, caller, &request, reason.as_deref())
        .await
        .map_err(|failure| unrepeatable(failure, advice))?;
    let place = format!("/webhooks/{}", webhook.id);
    Ok(Answer::created(
        &place,
        to_json(&Shown::new(app, caller, &webhook))?,
    ))
}

/// A URL that the worker will not refuse for its scheme. SQL has the other rules.
fn url(app: &App, url: String) -> Result<String, Problem> {
    if url.starts_with("http://") && !app.webhooks.allows_http {
        let rule = "Allowed: URLs of https. REMIT_WEBHOOK_HTTP allows http in development.";
        return Err(Problem::at(Code::InvalidField, "url", rule));
    }
    Ok(url)
}

pub(super) async fn webhook_list(context: Context<'_>) -> Handled {
    let webhooks = contract::webhook_list(&context.app.database, context.caller)
        .await
        .map_err(of_path)?;
    Answer::ok(&List {
        webhooks: &webhooks,
    })
}

pub(super) async fn webhook_get(context: Context<'_>, id: Uuid) -> Handled {
    told(contract::webhook_get(&context.app.database, context.caller, id).await)
}

fn told(webhook: Result<WebhookResult, Failure>) -> Handled {
    Answer::ok(&webhook.map_err(of_path)?)
}

pub(super) async fn webhook_update(context: Context<'_>, id: Uuid) -> Handled {
    let Context { app, caller, .. } = context;
    let mut fields = Fields::read(&context.head.headers, context.body).await?;
    let members = [
        ("url", WebhookMember::Url),
        ("types", WebhookMember::Types),
        ("description", WebhookMember::Description),
    ];
    let is_there = |(name, _): &(&str, _)| fields.has(name);
    let members: Vec<_> = members.into_iter().filter(is_there).collect();
    let members: Vec<_> = members.into_iter().map(|(_, member)| member).collect();
    let request = WebhookRequest {
        url: fields
            .optional_text("url")?
            .map(|text| url(app, text))
            .transpose()?,
        types: fields.optional_texts("types")?,
        description: fields.optional_text("description")?,
    };
    let reason = fields.optional_text("reason")?;
    fields.finish()?;
    if members.is_empty() {
        let rule = "One of url, types and description is required.";
        return Err(Problem::new(Code::MalformedBody, rule));
    }
    let (database, reason) = (&app.database, reason.as_deref());
    told(contract::webhook_update(database, caller, id, &request, &members, reason).await)
}

pub(super) async fn webhook_delete(context: Context<'_>, id: Uuid) -> Handled {
    contract::webhook_delete(&context.app.database, context.caller, id, None)
        .await
        .map_err(of_path)?;
    Ok(Answer::no_content())
}

pub(super) async fn webhook_rotate(context: Context<'_>, id: Uuid) -> Handled {
    let Context { app, caller, .. } = context;
    let reason = reason_alone(context.head, context.body).await?;
    let advice =
        "GET /webhooks/{id} shows by previous_secret_until whether the secret is a new one.";
    let webhook = contract::webhook_rotate(&app.database, caller, id, reason.as_deref()).await;
    let webhook = webhook.map_err(|failure| match failure {
        Failure::Unavailable(_) => unrepeatable(failure, advice),
        _ => of_path(failure),
    })?;
    Answer::ok(&Shown::new(app, caller, &webhook))
}

/// What a body says that can say no more than why.
async fn reason_alone(head: &Parts, body: Incoming) -> Result<Option<String>, Problem> {
    let mut fields = Fields::read(&head.headers, body).await?;
    let reason = fields.optional_text("reason")?;
    fields.finish()?;
    Ok(reason)
}

pub(super) async fn webhook_ping(context: Context<'_>, id: Uuid) -> Handled {
    let Context { app, caller, .. } = context;
    let reason = reason_alone(context.head, context.body).await?;
    told(contract::webhook_ping(&app.database, caller, id, reason.as_deref()).await)
}

pub(super) async fn webhook_enable(context: Context<'_>, id: Uuid) -> Handled {
    let Context { app, caller, .. } = context;
    let reason = reason_alone(context.head, context.body).await?;
    told(contract::webhook_enable(&app.database, caller, id, reason.as_deref()).await)
}

pub(super) async fn webhook_replay(context: Context<'_>, id: Uuid) -> Handled {
    let Context { app, caller, .. } = context;
    let mut fields = Fields::read(&context.head.headers, context.body).await?;
    let from = fields.moment("from")?;
    let to = fields.optional_moment("to")?;
    let types = fields.optional_texts("types")?;
    let reason = fields.optional_text("reason")?;
    fields.finish()?;
    let (database, types, reason) = (&app.database, types.as_deref(), reason.as_deref());
    told(contract::webhook_replay(database, caller, id, from, to, types, reason).await)
}

pub(super) async fn webhook_failure_list(context: Context<'_>, id: Uuid) -> Handled {
    let page = Page::<EntryCursor>::of_query(context.query())?;
    let after = page.cursor.map(|EntryCursor(position)| position);
    let (database, limit) = (&context.app.database, page.limit + 1);
    let failures = contract::webhook_failure_list(database, context.caller, id, after, limit)
        .await
        .map_err(of_path)?;
    page.answer("failures", &failures, |failure| failure.position)
}

pub(super) async fn webhook_failure_retry(
    context: Context<'_>,
    id: Uuid,
    position: i64,
) -> Handled {
    let Context { app, caller, .. } = context;
    let reason = reason_alone(context.head, context.body).await?;
    let (database, reason) = (&app.database, reason.as_deref());
    let failure = contract::webhook_failure_retry(database, caller, id, position, reason).await;
    Answer::ok(&failure.map_err(of_path)?)
}
