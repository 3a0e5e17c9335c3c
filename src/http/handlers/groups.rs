//! Many items in one request: all or nothing in a group, each with its own fate in a bulk.

use futures_util::stream::{self, StreamExt};
use hyper::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;

use super::transfers::version_expected;
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
use crate::types::{TransferOutcome, TransferResult};

const LEGS_MAX: usize = 1_000;
const ITEMS_MAX: usize = 1_000;
/// Items of one bulk that wait at once: half of a call's places, so that the requests of others
/// find room beside them.
const ITEMS_WAITING_MAX: usize = 500;

pub(super) async fn group_create(context: Context<'_>) -> Handled {
    let is_dry_run = is_dry_run(context.query())?;
    version_expected(&context, false)?;
    let traceparent = context.traceparent();
    let id = IdempotencyKey::required(&context.head.headers)?.id();
    let mut fields = Fields::read_items(&context.head.headers, context.body).await?;
    let legs = fields.objects("legs", 2..=LEGS_MAX)?;
    fields.finish()?;
    let size = i32::try_from(legs.len()).unwrap_or(i32::MAX);
    let leg = |(place, mut leg): (usize, Fields)| {
        let subject = Subject::of_item(&mut leg)?;
        // SQL gives it the id that follows from the group's.
        let mut item = item::read(leg, subject, id, context.request_id)?;
        let terms = item.terms.get_or_insert_default();
        terms.group_id = Some(id);
        terms.group_place = i32::try_from(place + 1).ok();
        terms.group_size = Some(size);
        Ok(item)
    };
    let legs = legs.into_iter().enumerate();
    let items = legs.map(|(place, fields)| {
        leg((place, fields)).map_err(|problem: Problem| problem.within("legs", place))
    });
    let items: Vec<Item> = items.collect::<Result<_, _>>()?;

    let posting = Posting::new(items, context.caller.key_sha256, None).traced(traceparent);
    let ledger = context.app.ledgers.get(context.caller.ledger_id);
    let legs = if is_dry_run {
        ledger.transfers.try_out(&posting).await?
    } else {
        ledger.transfers.post_all(posting).await?
    };
    let is_replay = legs.iter().all(|leg| leg.replayed);
    if let Some((place, leg)) = failed(&legs) {
        let problem = render::refusal(leg)
            .unwrap_or_else(|| Problem::new(Code::InternalError, ""))
            .within("legs", place);
        if leg.created_at.is_none() || is_dry_run {
            return Err(Problem {
                transfer_id: None,
                ..problem
            });
        }
        let request_id = leg.request_id.as_deref().unwrap_or_default();
        return Ok(Answer::problem(&problem, request_id).replayed(is_replay));
    }
    let body = render::group(id, &legs)?;
    if is_dry_run {
        return Ok(Answer::json(StatusCode::OK, body));
    }
    Ok(Answer::created(&format!("/groups/{id}"), body).replayed(is_replay))
}

/// The leg because of which a group was refused: it has a reason of its own.
fn failed(legs: &[TransferResult]) -> Option<(usize, &TransferResult)> {
    let refused = || {
        let legs = legs.iter().enumerate();
        legs.filter(|(_, leg)| leg.outcome != TransferOutcome::Posted)
    };
    // What is not stored is the reason of all legs: the one at fault names a member.
    let of_its_own = |(_, leg): &(usize, &TransferResult)| {
        leg.outcome != TransferOutcome::GroupRefused
            && (leg.created_at.is_some() || leg.field.is_some())
    };
    refused().find(of_its_own).or_else(|| refused().next())
}

pub(super) async fn group_get(context: Context<'_>, key: &IdempotencyKey) -> Handled {
    let legs = contract::group_get(&context.app.database, context.caller, key.id())
        .await
        .map_err(of_path)?;
    Ok(Answer::json(
        StatusCode::OK,
        render::group(key.id(), &legs)?,
    ))
}

/// What became of one item of a bulk.
#[derive(Serialize)]
struct Outcome {
    id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Box<RawValue>>,
    replayed: bool,
}

pub(super) async fn transfer_bulk(context: Context<'_>) -> Handled {
    let is_dry_run = is_dry_run(context.query())?;
    version_expected(&context, false)?;
    let traceparent = context.traceparent();
    let mut fields = Fields::read_items(&context.head.headers, context.body).await?;
    let items = fields.objects("transfers", 1..=ITEMS_MAX)?;
    fields.finish()?;
    let item = |(place, mut fields): (usize, Fields)| {
        let mut read = || {
            let key = fields.text("id")?;
            let id = IdempotencyKey::of_path(&key)
                .map_err(|problem| Problem::at(Code::InvalidField, "id", problem.detail))?;
            Ok((key, id.id(), Subject::of_item(&mut fields)?))
        };
        let read = read().and_then(|(key, id, subject)| {
            Ok((key, item::read(fields, subject, id, context.request_id)?))
        });
        read.map_err(|problem: Problem| problem.within("transfers", place))
    };
    let items: Vec<(String, Item)> = items
        .into_iter()
        .enumerate()
        .map(item)
        .collect::<Result<_, _>>()?;

    let ledger = context.app.ledgers.get(context.caller.ledger_id);
    let post = |(key, item): (String, Item)| {
        let (caller, transfers) = (context.caller, &ledger.transfers);
        let traceparent = traceparent.clone();
        async move {
            let place = item::place(&item, caller);
            let posting = Posting::new(vec![item], caller.key_sha256, place).traced(traceparent);
            let answered = if is_dry_run {
                let results = transfers.try_out(&posting).await;
                results.map(|mut results| (results.pop(), None))
            } else {
                let posted = transfers.post(posting).await;
                posted.map(|(result, replay)| (Some(result), replay))
            };
            match answered {
                Ok((Some(result), replay)) => {
                    context.app.metrics.replay(replay);
                    outcome(key, &result, replay.is_some(), context.request_id)
                }
                Ok((None, _)) => Err(Problem::new(Code::InternalError, "")),
                Err(no_result) => failure(key, &no_result.into(), context.request_id),
            }
        }
    };
    let outcomes = stream::iter(items).map(post).buffered(ITEMS_WAITING_MAX);
    let outcomes: Vec<Result<Outcome, Problem>> = outcomes.collect().await;
    #[derive(Serialize)]
    struct Body {
        results: Vec<Outcome>,
    }
    let results = outcomes.into_iter().collect::<Result<_, _>>()?;
    Answer::ok(&Body { results })
}

fn outcome(
    id: String,
    result: &TransferResult,
    replayed: bool,
    request_id: &str,
) -> Result<Outcome, Problem> {
    let Some(problem) = render::refusal(result) else {
        return Ok(Outcome {
            id,
            status: "posted",
            transfer: Some(raw(to_json(&TransferBody::from(result))?)),
            problem: None,
            replayed,
        });
    };
    let is_stored = result.created_at.is_some();
    let request_id = result
        .request_id
        .as_deref()
        .filter(|_| is_stored)
        .unwrap_or(request_id);
    Ok(Outcome {
        status: if is_stored { "rejected" } else { "failed" },
        replayed,
        ..failure(id, &problem, request_id)?
    })
}

fn failure(id: String, problem: &Problem, request_id: &str) -> Result<Outcome, Problem> {
    Ok(Outcome {
        id,
        status: "failed",
        transfer: None,
        problem: Some(raw(problem.to_json(request_id))),
        replayed: false,
    })
}

fn raw(json: Vec<u8>) -> Box<RawValue> {
    let text = String::from_utf8(json).expect("JSON is UTF-8");
    RawValue::from_string(text).expect("it was serialized just now")
}
