//! What administrators do to a wallet: freezes and limits.

use uuid::Uuid;

use super::{Context, Handled, of_path};
use crate::http::answer::Answer;
use crate::http::body::Fields;
use crate::http::problem::unavailable;
use crate::http::render::WalletBody;
use crate::redis::wallet_cache::{NotTold, WalletChange};
use crate::sql::contract;
use crate::types::WalletStatus;

pub(super) async fn wallet_freeze(context: Context<'_>, id: Uuid) -> Handled {
    wallet_status_set(context, id, WalletStatus::Frozen).await
}

pub(super) async fn wallet_unfreeze(context: Context<'_>, id: Uuid) -> Handled {
    wallet_status_set(context, id, WalletStatus::Active).await
}

/// Freezes a wallet, or ends that. The new status is written through before it is told.
async fn wallet_status_set(context: Context<'_>, id: Uuid, status: WalletStatus) -> Handled {
    let Context { app, caller, .. } = context;
    let mut fields = Fields::read(&context.head.headers, context.body).await?;
    let reason = fields.optional_text("reason")?;
    fields.finish()?;
    let (database, reason) = (&app.database, reason.as_deref());
    let set = match status {
        WalletStatus::Frozen => contract::wallet_freeze(database, caller, id, reason).await,
        WalletStatus::Active => contract::wallet_unfreeze(database, caller, id, reason).await,
    };
    let wallet = set.map_err(of_path)?;
    let status = <&str>::from(wallet.status).to_owned();
    let change = WalletChange::status(wallet.status_version, status, wallet.updated_at);
    let wallet_ref = (caller.ledger_id, wallet.id);
    let written = app.wallet_cache.write([(wallet_ref, change)]).await;
    written.map_err(|NotTold(cause)| unavailable().because(cause))?;
    Answer::ok(&WalletBody::from(&wallet))
}

pub(super) async fn wallet_limits_get(context: Context<'_>, id: Uuid) -> Handled {
    let limits = contract::wallet_limits_get(&context.app.database, context.caller, id)
        .await
        .map_err(of_path)?;
    Answer::ok(&limits)
}

pub(super) async fn wallet_limits_set(context: Context<'_>, id: Uuid) -> Handled {
    let mut fields = Fields::read(&context.head.headers, context.body).await?;
    let transfer_max = fields.required_nullable_integer("transfer_max")?;
    let daily_max = fields.required_nullable_integer("daily_max")?;
    let reason = fields.optional_text("reason")?;
    fields.finish()?;
    let (database, reason) = (&context.app.database, reason.as_deref());
    let limits = contract::wallet_limits_set(
        database,
        context.caller,
        id,
        transfer_max,
        daily_max,
        reason,
    )
    .await;
    let limits = limits.map_err(of_path)?;
    Answer::ok(&limits)
}
