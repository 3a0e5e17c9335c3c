//! The Rust mirror of an event of the log, and the JSON of its data, which is the same wherever an
//! event is told: at the broker, in the feed, in a webhook.

use postgres_types::{FromSql, Json};
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{TransferEffect, TransferKind, TransferOutcome, TransferResult, TransferTerms};
use crate::base::moment;

/// `remit_v1.event`
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "event")]
pub struct Event {
    pub ledger_id: i64,
    pub position: i64,
    pub id: Uuid,
    #[postgres(name = "type")]
    pub kind: String,
    /// The transfer, wallet or what else it tells of.
    pub subject_id: Uuid,
    pub request_id: Option<String>,
    pub traceparent: Option<String>,
    pub created_at: OffsetDateTime,
    /// As PostgreSQL wrote it. None: the transfer tells, or what is told was pruned.
    pub data: Option<Json<Box<RawValue>>>,
    pub transfer: Option<TransferResult>,
}

/// `remit_v1.event_page`
#[derive(Debug, Clone, FromSql)]
#[postgres(name = "event_page")]
pub struct EventPage {
    pub events: Vec<Event>,
    /// The position up to which it has looked.
    pub next: i64,
    /// The position of the last event of the log.
    pub head: i64,
    /// Which history of the database these are in.
    pub epoch: String,
}

impl Event {
    /// The number that the outbox gave it: the end of its id (`remit.event_id`).
    pub fn number(&self) -> i64 {
        let number = self.id.as_u128() & ((1 << 60) - 1);
        i64::try_from(number).expect("it has 60 bits")
    }

    /// The wallets that a row of the journal is about; empty for all other events.
    pub fn wallet_ids(&self) -> Vec<Uuid> {
        let sides = self.transfer.iter();
        sides
            .flat_map(|transfer| [transfer.source_id, transfer.target_id])
            .flatten()
            .collect()
    }

    /// The data of any event, to be written as JSON; null where it was pruned.
    pub fn told(&self) -> EventData<'_> {
        match (&self.transfer, &self.data) {
            (Some(transfer), _) => EventData::Transfer(Box::new(TransferData::of(transfer))),
            (None, Some(Json(data))) => EventData::Stored(data),
            (None, None) => EventData::Pruned,
        }
    }
}

/// What an event tells.
#[derive(Serialize)]
#[serde(untagged)]
pub enum EventData<'a> {
    Transfer(Box<TransferData<'a>>),
    Stored(&'a RawValue),
    Pruned,
}

/// The data of an event of the journal. Amounts are minor units.
#[derive(Serialize)]
pub struct TransferData<'a> {
    transfer_id: Option<Uuid>,
    status: &'static str,
    reason: Option<TransferOutcome>,
    source_id: Option<Uuid>,
    target_id: Option<Uuid>,
    amount: Option<i64>,
    currency: Option<&'a str>,
    source_version: Option<i64>,
    source_balance: Option<i64>,
    target_version: Option<i64>,
    target_balance: Option<i64>,
    reference: Option<&'a str>,
    metadata: &'a Value,
    #[serde(serialize_with = "moment_or_null")]
    created_at: Option<OffsetDateTime>,
    #[serde(flatten)]
    more: Option<MoreData>,
}

/// What was asked for beyond a transfer, and what is held after the row.
#[derive(Serialize)]
struct MoreData {
    kind: Option<TransferKind>,
    hold_id: Option<Uuid>,
    reverses_id: Option<Uuid>,
    group_id: Option<Uuid>,
    amount_asked: Option<i64>,
    source_held: i64,
    #[serde(serialize_with = "moment_or_null")]
    source_held_until: Option<OffsetDateTime>,
    target_held: i64,
    #[serde(serialize_with = "moment_or_null")]
    target_held_until: Option<OffsetDateTime>,
    hold_amount: Option<i64>,
    hold_captured: Option<i64>,
    hold_remaining: Option<i64>,
    #[serde(serialize_with = "moment_or_null")]
    hold_expires_at: Option<OffsetDateTime>,
}

impl<'a> TransferData<'a> {
    fn of(transfer: &'a TransferResult) -> Self {
        let is_posted = transfer.outcome == TransferOutcome::Posted;
        Self {
            transfer_id: transfer.id,
            status: if is_posted { "posted" } else { "rejected" },
            reason: (!is_posted).then_some(transfer.outcome),
            source_id: transfer.source_id,
            target_id: transfer.target_id,
            amount: transfer.amount,
            currency: transfer.currency.as_deref(),
            source_version: transfer.source_version,
            source_balance: transfer.source_balance,
            target_version: transfer.target_version,
            target_balance: transfer.target_balance,
            reference: transfer.reference.as_deref(),
            metadata: &transfer.metadata,
            created_at: transfer.created_at,
            more: MoreData::of(transfer),
        }
    }
}

impl MoreData {
    fn of(transfer: &TransferResult) -> Option<Self> {
        if transfer.terms.is_none() && transfer.effect.is_none() {
            return None;
        }
        let no_terms = TransferTerms::default();
        let terms = transfer.terms.as_ref().unwrap_or(&no_terms);
        let no_effect = TransferEffect::default();
        let effect = transfer.effect.as_ref().unwrap_or(&no_effect);
        let hold_id = match (effect.hold_amount, terms.kind) {
            (Some(_), _) => terms.subject_id.or(transfer.id),
            (
                None,
                Some(TransferKind::Capture | TransferKind::Adjustment | TransferKind::Release),
            ) => terms.subject_id,
            _ => None,
        };
        let reverses_id = (terms.kind == Some(TransferKind::Reversal))
            .then_some(terms.subject_id)
            .flatten();
        Some(Self {
            kind: terms.kind,
            hold_id,
            reverses_id,
            group_id: terms.group_id,
            amount_asked: transfer.amount_asked,
            source_held: effect.source_held.unwrap_or(0),
            source_held_until: effect.source_held_until,
            target_held: effect.target_held.unwrap_or(0),
            target_held_until: effect.target_held_until,
            hold_amount: effect.hold_amount,
            hold_captured: effect.hold_captured,
            hold_remaining: effect.hold_remaining,
            hold_expires_at: effect.hold_expires_at,
        })
    }
}

/// A moment that has no text, as only a database has that was tampered with, is null.
fn moment_or_null<S: Serializer>(
    at: &Option<OffsetDateTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    at.and_then(moment::text).serialize(serializer)
}
