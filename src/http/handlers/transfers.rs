//! What is posted one by one: transfers, holds and what is done to them, reversals.

use hyper::StatusCode;
use hyper::header::IF_MATCH;

use super::{Context, Handled, of_path};
use crate::http::answer::Answer;
use crate::http::body::Fields;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::item::{self, Subject};
use crate::http::page::is_dry_run;
use crate::http::problem::{Code, Problem};
use crate::http::render::{self, TransferBody, to_json};
use crate::ledger::transfers_post::{Item, Posting};
use crate::sql::contract;
use crate::types::{TransferKind, TransferResult};

pub(super) async fn transfer_create(context: Context<'_>) -> Handled {
    post(context, Subject::default()).await
}

pub(super) async fn hold_create(context: Context<'_>) -> Handled {
    let kind = Some(TransferKind::Hold);
    post(context, Subject { kind, id: None }).await
}

/// What is done to the thing that the path names: to a hold, or to a transfer.
pub(super) async fn verb(
    context: Context<'_>,
    kind: TransferKind,
    subject: &IdempotencyKey,
) -> Handled {
    let subject = Subject {
        kind: Some(kind),
        id: Some(subject.id()),
    };
    post(context, subject).await
}

/// Posts what the body says.
async fn post(context: Context<'_>, subject: Subject) -> Handled {
    let is_dry_run = is_dry_run(context.query())?;
    let id = IdempotencyKey::required(&context.head.headers)?.id();
    let version = version_expected(&context, subject == Subject::default())?;
    let traceparent = context.traceparent();
    let fields = Fields::read(&context.head.headers, context.body).await?;
    let mut item = item::read(fields, subject, id, context.request_id)?;
    if let Some(version) = version {
        expect_version(&mut item, version)?;
    }

    let place = item::place(&item, context.caller);
    let posting = Posting::new(vec![item], context.caller.key_sha256, place).traced(traceparent);
    let ledger = context.app.ledgers.get(context.caller.ledger_id);
    if is_dry_run {
        let results = ledger.transfers.try_out(&posting).await?;
        let result = results
            .first()
            .ok_or_else(|| Problem::new(Code::InternalError, ""))?;
        return match render::refusal(result) {
            None => Ok(Answer::json(StatusCode::OK, body(result)?)),
            Some(problem) => Err(Problem {
                transfer_id: None,
                ..problem
            }),
        };
    }
    let (result, replay) = ledger.transfers.post(posting).await?;
    context.app.metrics.replay(replay);
    Ok(answer(&result)?.replayed(replay.is_some()))
}

/// The version that `If-Match` wants the source to have: that of its entity tag. What is no single
/// transfer takes none.
pub(super) fn version_expected(
    context: &Context<'_>,
    is_transfer: bool,
) -> Result<Option<i64>, Problem> {
    let mut values = context.head.headers.get_all(IF_MATCH).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let tag = value.to_str().ok().map(str::trim);
    let tag = tag.filter(|_| is_transfer && values.next().is_none());
    if tag == Some("*") {
        return Ok(None);
    }
    // Weak where nginx has compressed the answer. The version is the same.
    let tag = tag.map(|tag| tag.strip_prefix("W/").unwrap_or(tag));
    let tag = tag.and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"'));
    let is_number = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    let version = tag.filter(|tag| tag.bytes().all(is_number));
    let version = version.and_then(|version| version.split_once('.'));
    let version = version.and_then(|(version, _)| version.parse().ok());
    version.map(Some).ok_or_else(|| {
        let rule = "If-Match takes one ETag of the source, on POST /transfers.";
        Problem::new(Code::MalformedHeader, rule)
    })
}

/// Puts the version of the header where a body says it.
fn expect_version(item: &mut Item, version: i64) -> Result<(), Problem> {
    let terms = item.terms.get_or_insert_default();
    match terms.source_version.replace(version) {
        Some(other) if other != version => {
            let rule = "If-Match and the body expect two versions.";
            Err(Problem::at(Code::MalformedBody, "if", rule))
        }
        _ => Ok(()),
    }
}

fn is_hold(result: &TransferResult) -> bool {
    let kind = result.terms.as_ref().and_then(|terms| terms.kind);
    kind == Some(TransferKind::Hold)
}

fn body(result: &TransferResult) -> Result<Vec<u8>, Problem> {
    if is_hold(result) {
        render::hold_created(result)
    } else {
        to_json(&TransferBody::from(result))
    }
}

/// The answer depends on nothing but the stored row, so that a replay gives the same bytes.
fn answer(result: &TransferResult) -> Handled {
    let Some(problem) = render::refusal(result) else {
        let id = result.id.unwrap_or_default();
        let place = if is_hold(result) {
            "holds"
        } else {
            "transfers"
        };
        return Ok(Answer::created(&format!("/{place}/{id}"), body(result)?));
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
    Answer::ok(&TransferBody::from(&transfer))
}
