//! Events for unit tests.

use postgres_types::Json;
use remit::types::Event;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

/// An event that carries data, about this subject.
pub fn event(kind: &str, subject_id: Uuid, data: &Value) -> Event {
    Event {
        ledger_id: 1,
        position: 1,
        id: Uuid::new_v4(),
        kind: kind.to_owned(),
        subject_id,
        request_id: None,
        traceparent: None,
        created_at: OffsetDateTime::UNIX_EPOCH,
        data: Some(Json(to_raw_value(data).expect("it is JSON"))),
        transfer: None,
    }
}

/// The event of a row of the journal between two wallets, with these members.
pub fn transfer([source, target]: [u128; 2], members: &Value) -> Event {
    let mut transfer = json!({
        "id": Uuid::from_u128(9), "outcome": "posted", "field": null, "amount": 50, "currency": "EUR",
        "source_id": Uuid::from_u128(source), "target_id": Uuid::from_u128(target),
        "source_version": null, "source_balance": null,
        "target_version": null, "target_balance": null,
        "reference": null, "metadata": {}, "request_id": null, "created_at": null,
        "terms": null, "amount_asked": null, "effect": null,
    });
    let all = transfer.as_object_mut().expect("it is an object");
    all.extend(members.as_object().expect("it is one too").clone());
    let mut event = event("transfer.posted", Uuid::from_u128(9), &json!({}));
    event.transfer = Some(serde_json::from_value(transfer).expect("it is a row"));
    event.data = None;
    event
}
