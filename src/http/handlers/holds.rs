//! Holds, as they are now.

use uuid::Uuid;

use super::{Context, Handled, of_path};
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::page::{EntryCursor, Page, take_status};
use crate::http::problem::{Code, Problem};
use crate::sql::contract;

pub(super) async fn hold_get(context: Context<'_>, key: &IdempotencyKey) -> Handled {
    let hold = contract::hold_get(&context.app.database, context.caller, key.id()).await?;
    let hold = hold.ok_or_else(|| Problem::new(Code::HoldNotFound, "Check the id."))?;
    Answer::ok(&hold)
}

pub(super) async fn hold_list(context: Context<'_>, wallet_id: Uuid) -> Handled {
    let (is_open, query) = take_status(context.query())?;
    let page = Page::<EntryCursor>::of_query(Some(&query))?;
    let before = page.cursor.map(|cursor| cursor.0);
    let holds = contract::hold_list(
        &context.app.database,
        context.caller,
        wallet_id,
        is_open,
        before,
        page.limit + 1,
    )
    .await
    .map_err(of_path)?;
    page.answer("holds", &holds, |hold| hold.created_version)
}
