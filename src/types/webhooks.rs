//! Mirrors of what SQL tells of webhooks.

use postgres_types::{FromSql, ToSql};
use serde::Serialize;
use strum::IntoStaticStr;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::moment;

/// `remit_v1.webhook_status`
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromSql, Serialize)]
#[postgres(name = "webhook_status", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum WebhookStatus {
    Enabled,
    Disabled,
}

/// `remit_v1.webhook_outcome`: what became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromSql, ToSql, Serialize, IntoStaticStr)]
#[postgres(name = "webhook_outcome", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum WebhookOutcome {
    Delivered,
    Refused,
    Redirected,
    TimedOut,
    Unresolved,
    AddressForbidden,
    Insecure,
    Unreachable,
    TlsFailed,
    Broken,
}

/// `remit_v1.webhook_member`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSql)]
#[postgres(name = "webhook_member", rename_all = "snake_case")]
pub enum WebhookMember {
    Url,
    Types,
    Description,
}

/// `remit_v1.webhook_request`
#[derive(Debug, Clone, ToSql)]
#[postgres(name = "webhook_request")]
pub struct WebhookRequest {
    pub url: Option<String>,
    pub types: Option<Vec<String>>,
    pub description: Option<String>,
}

/// `remit_v1.webhook_result`
#[derive(Debug, Clone, FromSql, Serialize)]
#[postgres(name = "webhook_result")]
pub struct WebhookResult {
    pub id: Uuid,
    pub url: String,
    pub types: Option<Vec<String>>,
    pub description: Option<String>,
    pub status: WebhookStatus,
    #[serde(skip)]
    pub generation: i32,
    #[serde(with = "moment::option")]
    pub previous_secret_until: Option<OffsetDateTime>,
    pub position: i64,
    pub replay_position: Option<i64>,
    pub replay_to: Option<i64>,
    #[serde(with = "moment::option")]
    pub failing_since: Option<OffsetDateTime>,
    #[serde(with = "moment::option")]
    pub attempted_at: Option<OffsetDateTime>,
    pub outcome: Option<WebhookOutcome>,
    pub answer_status: Option<i32>,
    #[serde(with = "moment::option")]
    pub pinged_at: Option<OffsetDateTime>,
    pub ping_outcome: Option<WebhookOutcome>,
    pub ping_status: Option<i32>,
    #[serde(with = "moment")]
    pub created_at: OffsetDateTime,
    #[serde(with = "moment")]
    pub updated_at: OffsetDateTime,
}

/// `remit_v1.webhook_failure`
#[derive(Debug, Clone, FromSql, Serialize)]
#[postgres(name = "webhook_failure")]
pub struct WebhookFailure {
    pub position: i64,
    pub event_id: Uuid,
    #[serde(rename = "type")]
    #[postgres(name = "type")]
    pub kind: String,
    pub attempts: i32,
    pub is_aside: bool,
    #[serde(with = "moment::option")]
    pub next_at: Option<OffsetDateTime>,
    pub outcome: Option<WebhookOutcome>,
    pub answer_status: Option<i32>,
    #[serde(with = "moment::option")]
    pub failed_at: Option<OffsetDateTime>,
}
