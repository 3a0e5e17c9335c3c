//! What administrators do to a wallet: freezes and limits.

use hyper::body::Incoming;
use hyper::http::request::Parts;
use uuid::Uuid;

use super::{Handled, of_path};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::body::{self, Fields};
use crate::http::problem::Problem;
use crate::http::render::WalletBody;
use crate::redis::wallet_cache::WalletChange;
use crate::sql::contract;
use crate::sql::failure::Failure;
use crate::types::{Caller, WalletResult};

pub(super) async fn wallet_freeze(
    app: &App,
    caller: &Caller,
    id: Uuid,
    head: &Parts,
    body: Incoming,
) -> Handled {
    let reason = reason(head, body).await?;
    let frozen = contract::wallet_freeze(&app.database, caller, id, reason.as_deref()).await;
    changed(app, caller, frozen).await
}

pub(super) async fn wallet_unfreeze(
    app: &App,
    caller: &Caller,
    id: Uuid,
    head: &Parts,
    body: Incoming,
) -> Handled {
    let reason = reason(head, body).await?;
    let unfrozen = contract::wallet_unfreeze(&app.database, caller, id, reason.as_deref()).await;
    changed(app, caller, unfrozen).await
}

async fn reason(head: &Parts, body: Incoming) -> Result<Option<String>, Problem> {
    let body = body::read(&head.headers, body).await?;
    let mut fields = Fields::parse(&body)?;
    let reason = fields.optional_text("reason")?;
    fields.finish()?;
    Ok(reason)
}

/// Writes a new status through before it is told.
async fn changed(app: &App, caller: &Caller, result: Result<WalletResult, Failure>) -> Handled {
    let wallet = result.map_err(of_path)?;
    let status = <&str>::from(wallet.status).to_owned();
    let change = WalletChange::status(wallet.status_version, status, wallet.updated_at);
    let key = (caller.ledger_id, wallet.id);
    app.wallet_cache.write([(key, change)]).await;
    Ok(Answer::ok(&WalletBody::from(&wallet)))
}

pub(super) async fn wallet_limits_get(app: &App, caller: &Caller, id: Uuid) -> Handled {
    let limits = contract::wallet_limits_get(&app.database, caller, id)
        .await
        .map_err(of_path)?;
    Ok(Answer::ok(&limits))
}

pub(super) async fn wallet_limits_set(
    app: &App,
    caller: &Caller,
    id: Uuid,
    head: &Parts,
    body: Incoming,
) -> Handled {
    let body = body::read(&head.headers, body).await?;
    let mut fields = Fields::parse(&body)?;
    let transfer_max = fields.required_nullable_integer("transfer_max")?;
    let daily_max = fields.required_nullable_integer("daily_max")?;
    let reason = fields.optional_text("reason")?;
    fields.finish()?;
    let (database, reason) = (&app.database, reason.as_deref());
    let limits =
        contract::wallet_limits_set(database, caller, id, transfer_max, daily_max, reason).await;
    let limits = limits.map_err(of_path)?;
    Ok(Answer::ok(&limits))
}
