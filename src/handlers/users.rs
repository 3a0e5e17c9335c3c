//! Users and their wallets.

use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{Handled, id_of, next_cursor, of_path, once};
use crate::answer::{self, Answer, WalletBody};
use crate::answer_store::Kind;
use crate::app::App;
use crate::contract::{self, Caller, UserRequest};
use crate::fields::Fields;
use crate::idempotency::Key;
use crate::problem::Failure;
use crate::request::{self, CreationCursor, Page};

pub(super) async fn user_create(
    app: &App,
    caller: &Caller,
    head: &Parts,
    body: Incoming,
) -> Handled {
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
    once(
        app,
        caller,
        Kind::User,
        key.as_ref(),
        &content,
        "/users",
        async || {
            let created = contract::user_create(&app.database, caller, &user)
                .await
                .map_err(Failure::into_problem)?;
            Ok((answer::user(&created), created.replayed))
        },
    )
    .await
}

pub(super) async fn user_get(app: &App, caller: &Caller, id: Uuid) -> Handled {
    let user = contract::user_get(&app.database, caller, id)
        .await
        .map_err(of_path)?;
    Ok(Answer::json(StatusCode::OK, answer::user(&user)))
}

pub(super) async fn wallet_list(
    app: &App,
    caller: &Caller,
    user_id: Uuid,
    page: Page<CreationCursor>,
) -> Handled {
    let after = page.cursor.map(|cursor| (cursor.0, cursor.1));
    // One more than asked for tells whether there is another page.
    let mut wallets = contract::wallet_list(&app.database, caller, user_id, after, page.limit + 1)
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
