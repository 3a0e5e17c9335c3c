//! The message that is posted for an event, by Standard Webhooks 1.0: a body with type, timestamp
//! and data, and headers with its id, the moment of the attempt, and signatures.

use remit::base::moment;
use remit::types::{Event, MasterSecret};
use serde::Serialize;
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::contract::Webhook;

/// The type of what a ping posts.
const PING: &str = "webhook.ping";

/// A message, before an attempt gives it its moment and signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The event's: the same at each attempt, so that a receiver can drop duplicates.
    pub id: Uuid,
    pub traceparent: Option<String>,
    pub body: Vec<u8>,
}

/// Besides what Standard Webhooks asks for, these are the attributes of a CloudEvent, and the
/// event's place in the log.
#[derive(Serialize)]
struct Body<'a, D> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(with = "moment")]
    timestamp: OffsetDateTime,
    data: D,
    specversion: &'static str,
    id: Uuid,
    source: String,
    subject: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requestid: Option<&'a str>,
}

impl<D: Serialize> Body<'_, D> {
    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("bodies are texts and JSON")
    }
}

impl Message {
    /// Of an event of the log.
    pub fn of_event(event: &Event) -> Self {
        let body = Body {
            kind: &event.kind,
            timestamp: event.created_at,
            data: event.told(),
            specversion: "1.0",
            id: event.id,
            source: source(event.ledger_id),
            subject: event.subject_id,
            position: Some(event.position),
            requestid: event.request_id.as_deref(),
        };
        Self {
            id: event.id,
            traceparent: event.traceparent.clone(),
            body: body.to_json(),
        }
    }

    /// Of a ping, which is in no log.
    pub fn of_ping(ping_id: Uuid, webhook: &Webhook, now: OffsetDateTime) -> Self {
        let body = Body {
            kind: PING,
            timestamp: now,
            data: json!({"webhook_id": webhook.id}),
            specversion: "1.0",
            id: ping_id,
            source: source(webhook.ledger_id),
            subject: webhook.id,
            position: None,
            requestid: None,
        };
        Self {
            id: ping_id,
            traceparent: None,
            body: body.to_json(),
        }
    }

    /// The headers of an attempt. After a rotation the secret before signs too, for a while.
    pub fn headers(
        &self,
        webhook: &Webhook,
        master: &MasterSecret,
        now: OffsetDateTime,
    ) -> Vec<(&'static str, String)> {
        let (id, sent_at) = (self.id.to_string(), now.unix_timestamp());
        let sign = |generation| {
            let secret = master.secret(webhook.ledger_id, webhook.id, generation);
            secret.sign(&id, sent_at, &self.body)
        };
        let is_rotating = webhook.previous_until.is_some_and(|until| now < until);
        let previous = is_rotating.then(|| webhook.generation - 1);
        let signatures: Vec<String> = [webhook.generation]
            .into_iter()
            .chain(previous)
            .map(sign)
            .collect();
        let mut headers = vec![
            ("webhook-signature", signatures.join(" ")),
            ("webhook-timestamp", sent_at.to_string()),
            ("webhook-id", id),
        ];
        headers.extend(self.traceparent.clone().map(|text| ("traceparent", text)));
        headers
    }
}

fn source(ledger_id: i64) -> String {
    format!("/ledgers/{ledger_id}")
}
