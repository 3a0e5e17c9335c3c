//! Ledgers.

use super::{Context, Handled, of_path};
use crate::http::answer::Answer;
use crate::http::body::Fields;
use crate::http::problem::{Code, Problem, unrepeatable};
use crate::http::render;
use crate::sql::contract;

pub(super) async fn ledger_create(context: Context<'_>) -> Handled {
    let mut fields = Fields::read(&context.head.headers, context.body).await?;
    let name = fields.text("name")?;
    let reason = fields.optional_text("reason")?;
    fields.finish()?;
    let created = contract::ledger_create(
        &context.app.database,
        context.caller,
        &name,
        reason.as_deref(),
    )
    .await
    .map_err(|failure| unrepeatable(failure, "A ledger that nobody knows does no harm."))?;
    let place = format!("/ledgers/{}", created.id);
    Ok(Answer::created(&place, render::ledger_created(&created)?))
}

/// For a caller there is no ledger but the one of its key.
pub(super) async fn ledger_get(context: Context<'_>, id: i64) -> Handled {
    if id != context.caller.ledger_id {
        return Err(Problem::new(Code::LedgerNotFound, "Check the id."));
    }
    let ledger = contract::ledger_get(&context.app.database, context.caller)
        .await
        .map_err(of_path)?;
    Answer::ok(&ledger)
}
