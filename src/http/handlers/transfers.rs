//! Transfers.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{Context, Handled, of_path};
use crate::http::answer::Answer;
use crate::http::body::Fields;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::render;
use crate::ledger::transfers_post::Posting;
use crate::redis::answer_store::Place;
use crate::sql::contract;
use crate::types::{TransferRequest, TransferResult};

pub(super) async fn transfer_create(context: Context<'_>) -> Handled {
    let id = IdempotencyKey::required(&context.head.headers)?.id();
    let mut fields = Fields::read(&context.head.headers, context.body).await?;
    let transfer = TransferRequest {
        id,
        source_id: fields.uuid("source_id")?,
        target_id: fields.uuid("target_id")?,
        amount: fields.integer("amount")?,
        currency: fields.optional_text("currency")?,
        reference: fields.optional_text("reference")?,
        metadata: fields.metadata("metadata")?,
        request_id: context.request_id.to_owned(),
    };
    fields.finish()?;

    let place = Place::new::<TransferResult>(context.caller, id, &transfer_content(&transfer));
    let posting = Posting::new(transfer, context.caller.key_sha256, place);
    let ledger = context.app.ledgers.get(context.caller.ledger_id);
    let (result, replay) = ledger.transfers.post(posting).await?;
    context.app.metrics.replay(replay);
    Ok(transfer_answer(&result)?.replayed(replay.is_some()))
}

/// What two requests with one idempotency key must have in common to be the same.
///
/// A currency that is left out in one of them makes them differ here. Then PostgreSQL judges.
fn transfer_content(transfer: &TransferRequest) -> Value {
    json!([
        transfer.source_id.to_string(),
        transfer.target_id.to_string(),
        transfer.amount,
        transfer.currency,
        transfer.reference,
        transfer.metadata
    ])
}

/// The answer depends on nothing but the stored row, so that a replay gives the same bytes.
fn transfer_answer(result: &TransferResult) -> Handled {
    let Some(problem) = render::refusal(result) else {
        let place = format!("/transfers/{}", result.id.unwrap_or_default());
        return Ok(Answer::created(&place, render::transfer(result)?));
    };
    // Without a moment there is no row in the journal. Then the problem belongs to this request,
    // not to the first one with the key, and gets this request's id.
    if result.created_at.is_none() {
        return Err(problem);
    }
    let request_id = result.request_id.as_deref().unwrap_or_default();
    Ok(Answer::problem(&problem, request_id))
}

pub(super) async fn transfer_get(context: Context<'_>, key: &IdempotencyKey) -> Handled {
    let transfer = contract::transfer_get(&context.app.database, context.caller, key.id())
        .await
        .map_err(of_path)?;
    Ok(Answer::json(StatusCode::OK, render::transfer(&transfer)?))
}
