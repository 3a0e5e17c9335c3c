//! Ledgers.

use hyper::body::Incoming;
use hyper::http::request::Parts;

use super::{Handled, of_path};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::body::Fields;
use crate::http::problem::{Code, Problem, unrepeatable};
use crate::http::render;
use crate::sql::contract;
use crate::types::Caller;

pub(super) async fn ledger_create(
    app: &App,
    caller: &Caller,
    head: &Parts,
    body: Incoming,
) -> Handled {
    let mut fields = Fields::read(&head.headers, body).await?;
    let name = fields.text("name")?;
    let reason = fields.optional_text("reason")?;
    fields.finish()?;
    let created = contract::ledger_create(&app.database, caller, &name, reason.as_deref())
        .await
        .map_err(|failure| unrepeatable(failure, "A ledger that nobody knows does no harm."))?;
    let place = format!("/ledgers/{}", created.id);
    Ok(Answer::created(&place, render::ledger_created(&created)))
}

/// For a caller there is no ledger but the one of its key.
pub(super) async fn ledger_get(app: &App, caller: &Caller, id: i64) -> Handled {
    if id != caller.ledger_id {
        return Err(Problem::new(Code::LedgerNotFound, "Check the id."));
    }
    let ledger = contract::ledger_get(&app.database, caller)
        .await
        .map_err(of_path)?;
    Ok(Answer::ok(&ledger))
}
