//! The mirrors of what SQL and the worker say of webhooks to each other.

use postgres_types::{FromSql, ToSql};
use remit::types::WebhookOutcome;
use time::OffsetDateTime;
use uuid::Uuid;

/// `remit_worker_v1.webhook`: an endpoint with something to send.
#[derive(Debug, Clone, PartialEq, Eq, FromSql)]
#[postgres(name = "webhook")]
pub struct Webhook {
    pub ledger_id: i64,
    pub id: Uuid,
    pub url: String,
    pub types: Option<Vec<String>>,
    pub generation: i32,
    pub previous_until: Option<OffsetDateTime>,
    pub revision: i64,
    pub is_enabled: bool,
    pub position: i64,
    pub head: i64,
    pub replay_position: Option<i64>,
    pub replay_to: Option<i64>,
    pub replay_types: Option<Vec<String>>,
    pub succeeded_at: Option<OffsetDateTime>,
    pub is_failing: bool,
    pub has_failures: bool,
    pub ping_id: Option<Uuid>,
}

/// `remit_worker_v1.webhook_failure`
#[derive(Debug, Clone, PartialEq, Eq, FromSql, ToSql)]
#[postgres(name = "webhook_failure")]
pub struct WebhookFailure {
    pub position: i64,
    pub event_id: Uuid,
    #[postgres(name = "type")]
    pub kind: String,
    pub subject_ids: Vec<Uuid>,
    pub attempts: i32,
    pub is_aside: bool,
    pub next_at: Option<OffsetDateTime>,
    pub outcome: Option<WebhookOutcome>,
    pub answer_status: Option<i32>,
    pub failed_at: Option<OffsetDateTime>,
}

/// `remit_worker_v1.webhook_report`
#[derive(Debug, Clone, PartialEq, Eq, ToSql)]
#[postgres(name = "webhook_report")]
pub struct WebhookReport {
    pub ledger_id: i64,
    pub webhook_id: Uuid,
    pub revision: i64,
    pub position: i64,
    pub replay_position: Option<i64>,
    pub succeeded_at: Option<OffsetDateTime>,
    pub failed_at: Option<OffsetDateTime>,
    pub is_gone: bool,
    pub outcome: Option<WebhookOutcome>,
    pub answer_status: Option<i32>,
    pub ping_outcome: Option<WebhookOutcome>,
    pub ping_status: Option<i32>,
    pub settled: Vec<i64>,
    pub failures: Vec<WebhookFailure>,
}
