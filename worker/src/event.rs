//! Events on their way: an event of the log becomes a CloudEvents 1.0 message in structured JSON,
//! and that message is read again.

use std::collections::BTreeMap;

use remit::base::moment;
use remit::types::{Event, EventData};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// The media type of the JSON format of CloudEvents.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";
/// What stands before an event's type.
const TYPE_PREFIX: &str = "remit.";
/// What stands before a ledger's id in an event's source.
const SOURCE_PREFIX: &str = "/ledgers/";

/// Of a message that is read. Remit's own have at most 7 KiB; what is larger is not taken for one.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// Of a type without its prefix: `remit_worker_v1.notifications_record` takes no longer one.
const KIND_BYTES_MAX: usize = 64;

/// An event as the notifier receives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    pub ledger_id: i64,
    pub event_id: Uuid,
    /// Without the prefix, such as `transfer.posted`.
    pub kind: String,
    /// The transfer or wallet that it tells of.
    pub subject_id: Uuid,
    pub request_id: Option<String>,
    pub time: OffsetDateTime,
    pub data: Value,
}

impl Received {
    /// What tells it from every other event.
    pub fn key(&self) -> (i64, Uuid) {
        (self.ledger_id, self.event_id)
    }
}

/// What belongs to each ledger, in its order.
pub fn by_ledger<T>(things: impl IntoIterator<Item = (i64, T)>) -> BTreeMap<i64, Vec<T>> {
    let mut by_ledger: BTreeMap<_, Vec<T>> = BTreeMap::new();
    for (ledger_id, thing) in things {
        by_ledger.entry(ledger_id).or_default().push(thing);
    }
    by_ledger
}

/// The message's type, as CloudEvents want it.
pub fn full_type(kind: &str) -> String {
    format!("{TYPE_PREFIX}{kind}")
}

/// A message body.
#[derive(Serialize)]
struct Envelope<'a> {
    specversion: &'static str,
    id: Uuid,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    subject: Uuid,
    time: Option<String>,
    datacontenttype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    requestid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    data: EventData<'a>,
}

/// Writes an event as a message body.
pub fn encode(event: &Event) -> Vec<u8> {
    let envelope = Envelope {
        specversion: "1.0",
        id: event.id,
        source: format!("{SOURCE_PREFIX}{}", event.ledger_id),
        kind: full_type(&event.kind),
        subject: event.subject_id,
        time: moment::text(event.created_at),
        datacontenttype: "application/json",
        requestid: event.request_id.as_deref(),
        traceparent: event.traceparent.as_deref(),
        data: event.told(),
    };
    serde_json::to_vec(&envelope).expect("bodies are texts and JSON")
}

/// Reads a message body, by any writer.
///
/// # Errors
/// What is wrong with it, in constant words: the body may hold amounts and names.
pub fn decode(body: &[u8]) -> Result<Received, &'static str> {
    if body.len() > BODY_BYTES_MAX {
        return Err("larger than any event");
    }
    let mut body: Value = serde_json::from_slice(body).map_err(|_| "not JSON")?;
    let data = body.get_mut("data").map(Value::take);
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    if text("specversion") != Some("1.0") {
        return Err("not CloudEvents 1.0");
    }
    let uuid = |name: &str| text(name).and_then(|id| id.parse::<Uuid>().ok());
    let ledger_id = text("source")
        .and_then(|source| source.strip_prefix(SOURCE_PREFIX))
        .and_then(|id| id.parse().ok());
    let kind = text("type")
        .and_then(|kind| kind.strip_prefix(TYPE_PREFIX))
        .filter(|kind| is_kind(kind));
    let time = text("time").and_then(|time| OffsetDateTime::parse(time, &Rfc3339).ok());
    let data = data.ok_or("data is missing")?;
    if has_nul(&data) {
        return Err("data holds a NUL, which PostgreSQL cannot store");
    }
    Ok(Received {
        ledger_id: ledger_id.ok_or("source is not a ledger")?,
        event_id: uuid("id").ok_or("id is not a UUID")?,
        kind: kind.ok_or("type is not one of Remit's")?.to_owned(),
        subject_id: uuid("subject").ok_or("subject is not a UUID")?,
        request_id: text("requestid").map(str::to_owned),
        time: time.ok_or("time is not an RFC 3339 time")?,
        data,
    })
}

fn is_kind(kind: &str) -> bool {
    (1..=KIND_BYTES_MAX).contains(&kind.len())
        && kind
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'_' | b'.'))
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sample;

    fn data() -> Value {
        json!({"amount": 9_007_199_254_740_991_i64, "reference": "käse", "nested": [null]})
    }

    fn row() -> Event {
        let mut event = sample::event("transfer.posted", Uuid::new_v4(), &data());
        event.ledger_id = 7;
        event.request_id = Some("request \"1\"".to_owned());
        event.created_at = OffsetDateTime::from_unix_timestamp_nanos(1_763_847_000_123_456_000)
            .expect("the time is in range");
        event
    }

    #[test]
    fn an_event_survives_the_way() {
        let row = row();
        let event = decode(&encode(&row)).expect("it was just encoded");
        assert_eq!(event.ledger_id, row.ledger_id);
        assert_eq!(event.event_id, row.id);
        assert_eq!(event.kind, row.kind);
        assert_eq!(event.subject_id, row.subject_id);
        assert_eq!(event.request_id, row.request_id);
        assert_eq!(event.time, row.created_at);
        assert_eq!(event.data, data());
    }

    #[test]
    fn the_message_is_a_cloud_event() {
        let mut row = row();
        row.request_id = None;
        let body: Value = serde_json::from_slice(&encode(&row)).expect("the body is JSON");
        assert_eq!(body["specversion"], "1.0");
        assert_eq!(body["source"], "/ledgers/7");
        assert_eq!(body["type"], "remit.transfer.posted");
        assert_eq!(body["time"], "2025-11-22T21:30:00.123456Z");
        assert_eq!(body["datacontenttype"], "application/json");
        assert!(body.get("requestid").is_none());
    }

    #[test]
    fn a_damaged_message_is_refused_or_read_but_never_panics() {
        let good = encode(&row());
        for length in 0..good.len() {
            assert!(decode(&good[..length]).is_err(), "cut to {length}");
        }
        // Every byte replaced by some others, among them ones that break UTF-8, strings and
        // numbers.
        for place in 0..good.len() {
            for byte in [0, b'"', b'\\', b'}', b'9', b'-', 0x7f, 0xc3, 0xff] {
                let mut bad = good.clone();
                bad[place] = byte;
                let _ = decode(&bad);
            }
        }
    }

    #[test]
    fn hostile_messages_are_refused() {
        let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
        for body in [
            &b""[..],
            b"null",
            b"[]",
            b"{}",
            b"1e999",
            b"\xff\xfe",
            &deep,
        ] {
            assert!(decode(body).is_err());
        }
    }

    #[test]
    fn what_could_not_be_recorded_is_refused() {
        let mut body: Value = serde_json::from_slice(&encode(&row())).expect("the body is JSON");
        body["data"]["reference"] = Value::from("x".repeat(BODY_BYTES_MAX));
        assert!(decode(body.to_string().as_bytes()).is_err());
        body["data"]["reference"] = Value::Null;
        assert!(decode(body.to_string().as_bytes()).is_ok());
        body["type"] = Value::from(format!("{TYPE_PREFIX}{}", "x".repeat(KIND_BYTES_MAX + 1)));
        assert!(decode(body.to_string().as_bytes()).is_err());
    }

    #[test]
    fn each_wrong_member_is_named() {
        let spoiled = |name: &str, value: Value| {
            let mut body: Value =
                serde_json::from_slice(&encode(&row())).expect("the body is JSON");
            body[name] = value;
            decode(body.to_string().as_bytes()).expect_err(name)
        };
        assert_eq!(spoiled("specversion", json!("0.3")), "not CloudEvents 1.0");
        assert_eq!(
            spoiled("source", json!("/ledgers/x")),
            "source is not a ledger"
        );
        assert_eq!(spoiled("id", json!(5)), "id is not a UUID");
        assert_eq!(
            spoiled("type", json!("remit.A\0")),
            "type is not one of Remit's"
        );
        assert_eq!(spoiled("subject", json!("x")), "subject is not a UUID");
        assert_eq!(
            spoiled("time", json!("yesterday")),
            "time is not an RFC 3339 time"
        );
        let nul = "data holds a NUL, which PostgreSQL cannot store";
        assert_eq!(spoiled("data", json!({"a": ["\0"]})), nul);
        assert_eq!(spoiled("data", json!({"\0": 1})), nul);
    }
}
