//! What an event says about wallets, for the cache.

use remit::wallet_cache::{WalletChange, WalletKey};
use serde_json::Value;
use uuid::Uuid;

use crate::contract::OutboxEvent;

/// The wallets that an event changed: source and target of a posted transfer, or the wallet that was
/// frozen or unfrozen. Empty for all other events.
pub fn of_event(event: &OutboxEvent) -> Vec<(WalletKey, WalletChange)> {
    let Some(data) = &event.data else {
        return Vec::new();
    };
    match event.kind.as_str() {
        "transfer.posted" => ["source", "target"]
            .into_iter()
            .filter_map(|side| entry(event, data, side))
            .collect(),
        "wallet.frozen" | "wallet.unfrozen" => status(event, data).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn entry(event: &OutboxEvent, data: &Value, side: &str) -> Option<(WalletKey, WalletChange)> {
    let wallet_id: Uuid = data[format!("{side}_id")].as_str()?.parse().ok()?;
    let version = data[format!("{side}_version")].as_i64()?;
    let balance = data[format!("{side}_balance")].as_i64()?;
    let change = WalletChange::entry(version, balance, event.created_at);
    Some(((event.ledger_id, wallet_id), change))
}

fn status(event: &OutboxEvent, data: &Value) -> Option<(WalletKey, WalletChange)> {
    let version = data["status_version"].as_i64()?;
    let status = data["status"].as_str()?.to_owned();
    let change = WalletChange::status(version, status, event.created_at);
    Some(((event.ledger_id, event.subject_id), change))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::OffsetDateTime;

    use super::*;

    fn event(kind: &str, data: Value) -> OutboxEvent {
        OutboxEvent {
            ledger_id: 1,
            id: 1,
            event_id: Uuid::new_v4(),
            kind: kind.to_owned(),
            subject_id: Uuid::from_u128(3),
            request_id: None,
            data: Some(data),
            created_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_posted_transfer_changes_source_and_target() {
        let (source, target) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let changes = of_event(&event(
            "transfer.posted",
            json!({
                "source_id": source.to_string(), "source_version": 4, "source_balance": -50,
                "target_id": target.to_string(), "target_version": 1, "target_balance": 50,
            }),
        ));
        let at = OffsetDateTime::UNIX_EPOCH;
        let expected = [
            ((1, source), WalletChange::entry(4, -50, at)),
            ((1, target), WalletChange::entry(1, 50, at)),
        ];
        assert_eq!(changes, expected);
    }

    #[test]
    fn a_freeze_changes_the_status() {
        let changes = of_event(&event(
            "wallet.frozen",
            json!({"status": "frozen", "status_version": 1}),
        ));
        let change = WalletChange::status(1, "frozen".to_owned(), OffsetDateTime::UNIX_EPOCH);
        assert_eq!(changes, [((1, Uuid::from_u128(3)), change)]);
    }

    #[test]
    fn a_rejected_transfer_changes_nothing() {
        assert!(of_event(&event("transfer.rejected", json!({"source_version": null}))).is_empty());
    }
}
