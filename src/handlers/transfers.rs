//! Transfers.

use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use super::{Handled, in_progress, of_path, place, wait_unless_there};
use crate::answer::{self, Answer};
use crate::answer_store::{Hint, Kind, StoredAnswer, fingerprint};
use crate::app::App;
use crate::contract::{self, Caller, TransferRequest};
use crate::fields::Fields;
use crate::idempotency::Key;
use crate::metrics::ReplaySource;
use crate::request;
use crate::transfers::Posting;

pub(super) async fn transfer_create(
    app: &App,
    caller: &Caller,
    head: &Parts,
    body: Incoming,
    request_id: &str,
) -> Handled {
    let id = Key::required(&head.headers)?.id();
    let body = request::body(&head.headers, body).await?;
    let mut fields = Fields::parse(&body)?;
    let transfer = TransferRequest {
        id,
        source_id: fields.uuid("source_id")?,
        target_id: fields.uuid("target_id")?,
        amount: fields.integer("amount")?,
        currency: fields.optional_text("currency")?,
        reference: fields.optional_text("reference")?,
        metadata: fields.metadata("metadata")?,
        request_id: request_id.to_owned(),
    };
    fields.finish()?;

    let content = fingerprint(&transfer_content(&transfer));
    let marker = match app
        .answer_store
        .begin(caller, Kind::Transfer, id, content)
        .await
    {
        Hint::InProgress => return Err(in_progress()),
        Hint::Overdue => {
            wait_unless_there(app, caller, Kind::Transfer, id).await?;
            None
        }
        Hint::Answered(stored) => {
            app.metrics.replay(ReplaySource::Redis);
            return Ok(transfer_answer(stored).replayed(true));
        }
        Hint::Ask(marker) => marker,
    };
    let posting = Posting::new(transfer, caller.key_sha256, marker.clone());
    let ledger = app.ledgers.get(caller.ledger_id);
    let (stored, is_replay) = match ledger.transfers.ask(posting).await {
        Ok(posted) => posted?,
        Err(no_answer) => {
            app.answer_store.release(marker).await;
            return Err(no_answer.into());
        }
    };
    Ok(transfer_answer(stored).replayed(is_replay))
}

/// What makes two requests with one key the same, but for an omitted currency, which is PostgreSQL's to judge.
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

fn transfer_answer(stored: StoredAnswer) -> Answer {
    if stored.status == StatusCode::CREATED.as_u16() {
        Answer::created(&place("/transfers", &stored.body), stored.body)
    } else {
        Answer::problem_json(stored.status, stored.body)
    }
}

pub(super) async fn transfer_get(app: &App, caller: &Caller, key: &Key) -> Handled {
    let transfer = contract::transfer_get(&app.database, caller, key.id())
        .await
        .map_err(of_path)?;
    Ok(Answer::json(StatusCode::OK, answer::transfer(&transfer)))
}
